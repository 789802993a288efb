//! Messages as the journal keeps them, each in one piece of memory: they are written with every request, and read when
//! somebody asks.

use conformance_record::{Request, Response};

/// A request's or a response's parts, one after the other, each behind its length.
#[derive(Clone, Debug)]
pub(super) struct Packed(Box<[u8]>);

impl Packed {
    pub(super) fn request(request: &Request) -> Self {
        let first = [request.method.as_bytes(), request.target.as_bytes()];
        Self::of(&first, &request.headers, &request.body)
    }

    /// A response's header fields and body; its status is kept beside it.
    pub(super) fn response(headers: &[(impl AsRef<str>, impl AsRef<str>)], body: &[u8]) -> Self {
        Self::of(&[], headers, body)
    }

    fn of(first: &[&[u8]], headers: &[(impl AsRef<str>, impl AsRef<str>)], body: &[u8]) -> Self {
        let fields = || headers.iter().flat_map(|(name, value)| [name.as_ref().as_bytes(), value.as_ref().as_bytes()]);
        let parts = || first.iter().copied().chain([body]).chain(fields());
        let length = parts().map(|part| part.len() + size_of::<usize>()).sum();
        let mut bytes = Vec::with_capacity(length);
        for part in parts() {
            bytes.extend_from_slice(&part.len().to_ne_bytes());
            bytes.extend_from_slice(part);
        }
        Self(bytes.into_boxed_slice())
    }

    /// How much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.0.len()
    }

    fn parts(&self) -> Parts<'_> {
        Parts(&self.0)
    }

    /// A request's method and path.
    pub(super) fn method_and_path(&self) -> (&str, &str) {
        let mut parts = self.parts();
        let (method, target) = (parts.text(), parts.text());
        (method, target.split('?').next().unwrap_or(""))
    }

    pub(super) fn to_request(&self) -> Request {
        let mut parts = self.parts();
        let (method, target) = (parts.text().to_owned(), parts.text().to_owned());
        let body = parts.next().unwrap_or_default().to_vec();
        Request { method, target, headers: parts.fields(), body }
    }

    pub(super) fn to_response(&self, status: u16) -> Response {
        let mut parts = self.parts();
        let body = parts.next().unwrap_or_default().to_vec();
        Response { status, headers: parts.fields(), body }
    }
}

struct Parts<'p>(&'p [u8]);

impl<'p> Parts<'p> {
    /// A part that was text when it was packed.
    fn text(&mut self) -> &'p str {
        self.next().and_then(|part| str::from_utf8(part).ok()).unwrap_or("")
    }

    fn fields(&mut self) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        while !self.0.is_empty() {
            fields.push((self.text().to_owned(), self.text().to_owned()));
        }
        fields
    }
}

impl<'p> Iterator for Parts<'p> {
    type Item = &'p [u8];

    fn next(&mut self) -> Option<&'p [u8]> {
        let (length, rest) = self.0.split_first_chunk()?;
        let (part, rest) = rest.split_at_checked(usize::from_ne_bytes(*length))?;
        self.0 = rest;
        Some(part)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_packed_comes_out_again(
            method in "[A-Z]{0,8}",
            target in "/\\PC{0,40}",
            headers in prop::collection::vec(("[a-z-]{0,12}", "\\PC{0,20}"), 0..6),
            body in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            let response = Response { status: 200, headers: headers.clone(), body: body.clone() };
            prop_assert_eq!(Packed::response(&headers, &body).to_response(200), response);
            let request = Request { method, target, headers, body };
            let packed = Packed::request(&request);
            prop_assert_eq!(packed.method_and_path(), (request.method.as_str(), request.path()));
            prop_assert_eq!(packed.to_request(), request);
        }
    }
}
