//! Cuts what is too long to be read: a report of a large response is not larger than that of a small one.

/// The most of a text that a report holds, in bytes.
pub const MAX_TEXT: usize = 16 * 1024;
/// The most of a body that a report holds, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// A text of at most `most` bytes: the whole, or its beginning and how long the whole is.
#[must_use]
pub fn truncate(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    // The ellipsis tells redaction that a secret may be cut, too.
    format!("{}… ({} bytes in all)", text.get(..end).unwrap_or_default(), text.len())
}

/// A body of at most [`MAX_BODY`] bytes, likewise.
#[must_use]
pub fn truncate_body(body: &[u8]) -> Vec<u8> {
    match body.get(..MAX_BODY) {
        Some(beginning) if body.len() > MAX_BODY => {
            // Bytes that are no text stay what they are.
            [beginning, format!("… ({} bytes in all)", body.len()).as_bytes()].concat()
        }
        _ => body.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!((truncate("naïve", 3), truncate("naïve", 6)), ("na… (6 bytes in all)".into(), "naïve".into()));
    }
}
