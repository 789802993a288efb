//! Half surrogate pairs in text.
//!
//! JSON may escape half of a UTF-16 pair (`"\ud83d"`); Rust's text cannot hold it. Each of the 2048 halves is kept as one
//! character of the last private plane, `U+10F000` to `U+10F7FF`, so that two texts are equal when they were equal, and a half
//! counts as one character. Nobody assigns these characters; one that is sent as itself is taken for the half.

use std::borrow::Cow;

/// The character that stands for `U+D800`.
const FIRST: u32 = 0x0010_F000;
const HALVES: std::ops::RangeInclusive<u32> = FIRST..=FIRST + 0x7FF;

/// The half that a character stands for.
pub(crate) fn half(character: char) -> Option<u32> {
    let code = u32::from(character);
    HALVES.contains(&code).then(|| code - FIRST + 0xD800)
}

/// The text with each escaped half replaced by the escape of the character that stands for it.
pub(crate) fn protect(text: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Vec<u8> = Vec::new();
    let (mut kept, mut at) = (0, 0);
    while let Some(found) = text[at..].iter().position(|byte| *byte == b'\\') {
        at += found;
        let Some(unit) = unit(&text[at..]) else {
            // Any other escape is two bytes here: its second one must not begin an escape.
            at = text.len().min(at + 2);
            continue;
        };
        match unit {
            0xD800..=0xDBFF if matches!(text.get(at + 6..).and_then(self::unit), Some(0xDC00..=0xDFFF)) => at += 12,
            0xD800..=0xDFFF => {
                out.extend_from_slice(&text[kept..at]);
                let code = u32::from(unit) - 0xD800 + FIRST;
                out.extend(char::from_u32(code).map(String::from).unwrap_or_default().bytes());
                at += 6;
                kept = at;
            }
            _ => at += 6,
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.extend_from_slice(&text[kept..]);
    Cow::Owned(out)
}

/// The UTF-16 unit that an escape at the beginning of `text` names.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    u16::from_str_radix(digits?, 16).ok()
}

/// UTF-16 as UTF-8, halves as the characters that stand for them.
pub(crate) fn from_utf16(units: &[u16]) -> Vec<u8> {
    let character = |unit: Result<char, std::char::DecodeUtf16Error>| {
        unit.unwrap_or_else(|half| {
            let code = u32::from(half.unpaired_surrogate()) - 0xD800 + FIRST;
            char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
        })
    };
    char::decode_utf16(units.iter().copied()).map(character).collect::<String>().into_bytes()
}
