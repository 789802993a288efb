//! Half surrogate pairs in text.
//!
//! JSON may escape half of a UTF-16 pair (`"\ud83d"`); Rust's text cannot hold it. Each of the 2048 halves is kept as one
//! character of the last private plane, `U+10F000` to `U+10F7FF`, so that two texts are equal when they were equal, and a half
//! counts as one character. Such a character that is sent as itself gets [`ITSELF`] before it, so that it stays what it is.

use std::borrow::Cow;

/// The character that stands for `U+D800`.
const FIRST: u32 = 0x0010_F000;
const HALVES: std::ops::RangeInclusive<u32> = FIRST..=FIRST + 0x7FF;

/// What stands before a character that means itself.
pub(crate) const ITSELF: char = '\u{10F800}';

/// Whether a character would be taken for a half, or for the mark.
fn is_ambiguous(character: char) -> bool {
    half(character).is_some() || character == ITSELF
}

/// The half that a character stands for.
pub(crate) fn half(character: char) -> Option<u32> {
    let code = u32::from(character);
    HALVES.contains(&code).then(|| code - FIRST + 0xD800)
}

/// The text with each escaped half replaced by the character that stands for it.
pub(crate) fn protect(text: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Vec<u8> = Vec::new();
    let (mut kept, mut at) = (0, 0);
    while let Some(found) = text[at..].iter().position(|byte| *byte == b'\\' || *byte == 0xF4) {
        at += found;
        let (length, replaced) = match read(&text[at..]) {
            Found::Half(unit) => (6, Some(vec![stand_in(unit)])),
            Found::Character(character, length) if is_ambiguous(character) => (length, Some(vec![ITSELF, character])),
            Found::Character(_, length) => (length, None),
            // Any other escape is two bytes here: its second one must not begin an escape.
            Found::Other => (2, None),
        };
        if let Some(characters) = replaced {
            out.extend_from_slice(&text[kept..at]);
            out.extend(String::from_iter(characters).bytes());
            kept = at + length;
        }
        at = text.len().min(at + length);
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.extend_from_slice(&text[kept..]);
    Cow::Owned(out)
}

/// What begins at a backslash, or at the first byte of a character beyond `U+FFFFF`.
enum Found {
    Half(u16),
    /// A character, and how many bytes say it.
    Character(char, usize),
    Other,
}

fn read(text: &[u8]) -> Found {
    if text[0] != b'\\' {
        let character =
            text.get(..4).and_then(|bytes| std::str::from_utf8(bytes).ok()).and_then(|text| text.chars().next());
        return character.map_or(Found::Other, |character| Found::Character(character, 4));
    }
    match (unit(text), text.get(6..).and_then(unit)) {
        (Some(high @ 0xD800..=0xDBFF), Some(low @ 0xDC00..=0xDFFF)) => {
            let character = char::decode_utf16([high, low]).next().and_then(Result::ok);
            character.map_or(Found::Other, |character| Found::Character(character, 12))
        }
        (Some(half @ 0xD800..=0xDFFF), _) => Found::Half(half),
        (Some(_), _) => Found::Character('\0', 6),
        (None, _) => Found::Other,
    }
}

/// The character that stands for a half.
fn stand_in(unit: u16) -> char {
    char::from_u32(u32::from(unit) - 0xD800 + FIRST).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The UTF-16 unit that an escape at the beginning of `text` names.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    u16::from_str_radix(digits?, 16).ok()
}

/// UTF-16 as UTF-8, halves as escapes.
pub(crate) fn from_utf16(units: &[u16]) -> Vec<u8> {
    let mut text = String::new();
    for unit in char::decode_utf16(units.iter().copied()) {
        match unit {
            Ok(character) => text.push(character),
            Err(half) => text.push_str(&format!("\\u{:04x}", half.unpaired_surrogate())),
        }
    }
    text.into_bytes()
}
