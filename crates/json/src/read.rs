//! From bytes to a value, with notes on what RFC 8259 forbids and a reader may tolerate.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize as _;
use serde_json::Value;

use crate::{duplicates, surrogates};

/// Arrays and objects nest this deep at most: far above any real body, and within what a thread's stack holds.
pub const MAX_DEPTH: usize = 500;

/// A text that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What it says.
    pub value: Value,
    /// What it should not have had.
    pub notes: Vec<Note>,
}

/// Something that RFC 8259 forbids or discourages, and that does not keep a text from being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The text begins with a byte order mark (section 8.1: must not be added).
    ByteOrderMark,
    /// The text is in this encoding; systems exchange JSON in UTF-8 (section 8.1).
    Encoding(&'static str),
    /// An object has a member of this name more than once (section 4: names should be unique); the last one counts.
    DuplicateMember(String),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByteOrderMark => f.write_str("begins with a byte order mark, which RFC 8259 forbids"),
            Self::Encoding(name) => write!(f, "is encoded as {name}; JSON is exchanged as UTF-8 (RFC 8259)"),
            Self::DuplicateMember(name) => {
                write!(
                    f,
                    "has the member {} more than once; names should be unique (RFC 8259)",
                    Value::from(name.as_str())
                )
            }
        }
    }
}

/// Why a text is not JSON, or cannot be read here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// It breaks the grammar: how, and where.
    Syntax(String),
    /// It nests deeper than [`MAX_DEPTH`].
    TooDeep,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(reason) => f.write_str(reason),
            Self::TooDeep => write!(f, "it nests more than {MAX_DEPTH} levels deep, which this program does not read"),
        }
    }
}

impl std::error::Error for Error {}

/// Reads a JSON text.
///
/// # Errors
/// When it breaks RFC 8259's grammar, or nests deeper than [`MAX_DEPTH`].
pub fn parse(bytes: &[u8]) -> Result<Value, Error> {
    let (text, _) = decode(bytes)?;
    Ok(parse_utf8(&text)?.0)
}

/// Reads a JSON text and notes what it should not have had.
///
/// # Errors
/// When it breaks RFC 8259's grammar, or nests deeper than [`MAX_DEPTH`].
pub fn read(bytes: &[u8]) -> Result<Document, Error> {
    let (text, mut notes) = decode(bytes)?;
    let (value, written) = parse_utf8(&text)?;
    // A map keeps one of those that share a name: only where some are missing is it worth looking which.
    if members(&value) != written {
        notes.extend(duplicates::find(&text).into_iter().map(Note::DuplicateMember));
    }
    Ok(Document { value, notes })
}

/// The value, and how many members are written in the text.
fn parse_utf8(text: &[u8]) -> Result<(Value, usize), Error> {
    let written = scan(text)?;
    let text = surrogates::protect(text);
    let mut reader = serde_json::Deserializer::from_slice(&text);
    // The depth was checked above, against a bound of our own.
    reader.disable_recursion_limit();
    let syntax = |error: serde_json::Error| Error::Syntax(error.to_string());
    let value = Value::deserialize(&mut reader).map_err(syntax)?;
    reader.end().map_err(syntax)?;
    Ok((value, written))
}

/// How many members all objects within a value have.
fn members(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(members).sum(),
        Value::Object(all) => all.len() + all.values().map(members).sum::<usize>(),
        _ => 0,
    }
}

/// The text as UTF-8 without a byte order mark. JSON begins with an ASCII character, so zeros among the first bytes tell
/// UTF-16 and UTF-32 apart (RFC 4627, section 3).
fn decode(bytes: &[u8]) -> Result<(Cow<'_, [u8]>, Vec<Note>), Error> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16, name, notes: &mut Vec<Note>| {
        notes.push(Note::Encoding(name));
        let units: Vec<u16> = bytes.chunks(2).map(|pair| unit([pair[0], *pair.get(1).unwrap_or(&0)])).collect();
        Ok(Cow::Owned(surrogates::from_utf16(&units)))
    };
    let utf32 = |bytes: &[u8], unit: fn([u8; 4]) -> u32, name, notes: &mut Vec<Note>| {
        notes.push(Note::Encoding(name));
        let scalar = |four: &[u8]| char::from_u32(unit(<[u8; 4]>::try_from(four).ok()?));
        let text: Option<String> = bytes.chunks(4).map(scalar).collect();
        text.map(|text| Cow::Owned(text.into_bytes())).ok_or_else(|| Error::Syntax(format!("it is not valid {name}")))
    };
    let mut notes = Vec::new();
    let text = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => {
            notes.push(Note::ByteOrderMark);
            Ok(Cow::Borrowed(rest))
        }
        [0xFF, 0xFE, 0, 0, rest @ ..] => utf32(rest, u32::from_le_bytes, "UTF-32", &mut notes),
        [0, 0, 0xFE, 0xFF, rest @ ..] => utf32(rest, u32::from_be_bytes, "UTF-32", &mut notes),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes, "UTF-16", &mut notes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes, "UTF-16", &mut notes),
        [first, 0, 0, 0, ..] if *first != 0 => utf32(bytes, u32::from_le_bytes, "UTF-32", &mut notes),
        [0, 0, 0, last, ..] if *last != 0 => utf32(bytes, u32::from_be_bytes, "UTF-32", &mut notes),
        [first, 0, ..] if *first != 0 => utf16(bytes, u16::from_le_bytes, "UTF-16", &mut notes),
        [0, second, ..] if *second != 0 => utf16(bytes, u16::from_be_bytes, "UTF-16", &mut notes),
        _ => Ok(Cow::Borrowed(bytes)),
    }?;
    Ok((text, notes))
}

/// How many members are written in a text, whose nesting is looked at before a reader meets it.
fn scan(text: &[u8]) -> Result<usize, Error> {
    let (mut depth, mut members, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            b':' if !in_string => members += 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(Error::TooDeep);
        }
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::write;

    /// Whatever the grammar allows is read, and written back as it came.
    #[rstest]
    #[case::half_pair(r#"{"a":"\ud83d"}"#)]
    #[case::second_half(r#"["\udc00x"]"#)]
    #[case::halves_in_the_wrong_order(r#"["\ude00\ud83d"]"#)]
    #[case::a_half_in_a_name(r#"{"\ud800":1}"#)]
    #[case::beyond_doubles("[1e+400,-1e-400,123456789012345678901234567890.5]")]
    #[case::beyond_integers("[9007199254740993,18446744073709551617]")]
    #[case::characters_that_stand_for_halves("[\"\u{10F000}\u{10F7FF}\u{10F800}\"]")]
    #[case::text_that_looks_like_an_escape(r#"["\\ud83d"]"#)]
    fn what_is_allowed_comes_back(#[case] text: &str) {
        assert_eq!(write(&parse(text.as_bytes()).expect("JSON")), text);
    }

    #[test]
    fn pairs_become_the_character_that_they_mean() {
        let themselves = ["[\"\u{10F000}\"]".as_bytes(), br#"["\udbfc\udc00"]"#].map(|text| parse(text).expect("JSON"));
        assert_eq!(themselves[0], themselves[1]);
        assert_ne!(themselves[0], parse(br#"["\ud800"]"#).expect("JSON"));
        assert_eq!(parse(br#"["\ud83d\ude00"]"#).expect("JSON"), json!(["\u{1F600}"]));
    }

    #[test]
    fn half_a_pair_is_one_character_and_differs_from_another_half() {
        let value = parse(br#"["\ud83d", "\ud83e"]"#).expect("JSON");
        assert_eq!(value[0].as_str().expect("text").chars().count(), 1);
        assert_ne!(value[0], value[1]);
    }

    #[rstest]
    #[case::deep_enough(MAX_DEPTH, true)]
    #[case::too_deep(MAX_DEPTH + 1, false)]
    fn depth_is_bounded_far_above_real_use(#[case] depth: usize, #[case] read: bool) {
        let text = "[".repeat(depth) + &"]".repeat(depth);
        let result = parse(text.as_bytes());
        assert_eq!(result.is_ok(), read, "{result:?}");
    }

    #[rstest]
    #[case::byte_order_mark(b"\xEF\xBB\xBF{\"a\":1}", Note::ByteOrderMark)]
    #[case::utf_16_le(b"{\0\"\0a\0\"\0:\x001\0}\0", Note::Encoding("UTF-16"))]
    #[case::utf_16_be_with_mark(b"\xFE\xFF\0{\0\"\0a\0\"\0:\x001\0}", Note::Encoding("UTF-16"))]
    #[case::utf_32_be(b"\0\0\0{\0\0\0\"\0\0\0a\0\0\0\"\0\0\0:\0\0\x001\0\0\0}", Note::Encoding("UTF-32"))]
    #[case::twice(br#"{"a":2,"a":1}"#, Note::DuplicateMember("a".to_owned()))]
    fn what_is_forbidden_is_read_and_noted(#[case] bytes: &[u8], #[case] note: Note) {
        let document = read(bytes).expect("read all the same");
        assert_eq!((document.value, document.notes), (json!({ "a": 1 }), vec![note]));
    }

    #[rstest]
    #[case::nothing("")]
    #[case::more_than_one("1 2")]
    #[case::leading_zero("[01]")]
    #[case::half_an_escape(r#"["\ud8"]"#)]
    #[case::raw_control("[\"\u{1}\"]")]
    fn what_breaks_the_grammar_is_an_error(#[case] text: &str) {
        assert!(matches!(parse(text.as_bytes()), Err(Error::Syntax(_))));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            drop(read(&bytes));
        }
    }
}
