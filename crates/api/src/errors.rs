//! How an operation documents that something went wrong.

use conformance_openapi::{Media, Operation as Declared, Response};

use crate::media::is_json;

/// The status for a trouble, and the documented response for it.
#[derive(Clone, Copy, Debug)]
pub struct Documented<'d> {
    /// The status to send.
    pub status: u16,
    /// What the document says of it, if anything.
    pub response: Option<&'d Response>,
}

/// The first of the statuses that the operation documents by itself, else the first, as a class or `default` documents it.
#[must_use]
pub fn documented<'d>(declared: &'d Declared, statuses: &[u16]) -> Documented<'d> {
    let exact = |status: u16| declared.responses.iter().find(|one| one.status == status.to_string());
    if let Some((status, response)) = statuses.iter().find_map(|status| Some((*status, exact(*status)?))) {
        return Documented { status, response: Some(response) };
    }
    let status = statuses.first().copied().unwrap_or(400);
    let class = format!("{}XX", status / 100);
    let response = declared.responses.iter().find(|one| one.status == class);
    let response = response.or_else(|| declared.responses.iter().find(|one| one.status == "default"));
    Documented { status, response }
}

impl<'d> Documented<'d> {
    /// The media type of the body: JSON where there is some.
    #[must_use]
    pub fn media(&self) -> Option<&'d Media> {
        let all = &self.response?.media;
        all.iter().find(|one| is_json(&one.media_type)).or(all.first())
    }
}
