//! From bytes to a value: JSON when the text begins with a brace, YAML otherwise.

use conformance_source::{Diagnostic, Diagnostics, SourceFile};
use serde_json::Value;

use crate::notes::Notes;
use crate::yaml;

/// Reads a text in JSON or YAML.
///
/// # Errors
/// When it is neither, with the place where it stops to be.
pub(crate) fn value(name: &str, bytes: &[u8], notes: &mut Notes) -> Result<Value, Diagnostics> {
    if is_json(bytes) {
        return conformance_json::parse(bytes).map_err(|error| broken(name, bytes, &error.to_string()));
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        let problem = Diagnostic::general(format!("{name} is not text in UTF-8"));
        return Err(problem.with_help("give an OpenAPI document in JSON or YAML").into());
    };
    yaml::parse(name, text.strip_prefix('\u{feff}').unwrap_or(text), notes)
}

/// Whether the first character is a brace, in whatever encoding JSON may come in.
fn is_json(bytes: &[u8]) -> bool {
    let first =
        bytes.iter().find(|byte| !matches!(byte, 0 | 0xEF | 0xBB | 0xBF | 0xFE | 0xFF | b' ' | b'\n' | b'\r' | b'\t'));
    first == Some(&b'{')
}

fn broken(name: &str, bytes: &[u8], reason: &str) -> Diagnostics {
    let text = String::from_utf8_lossy(bytes);
    let (what, place) =
        position(reason).map_or((reason, None), |(what, line, column)| (what, Some(offset(&text, line, column))));
    let title = "this is not valid JSON";
    let problem = match place {
        Some(at) => Diagnostic::at(&SourceFile::new(name, text.as_ref()), at..at, title, what),
        None => Diagnostic::general(format!("{name}: {title}: {what}")),
    };
    problem.with_help("a text that begins with `{` is read as JSON: correct it there").into()
}

/// What a message of the JSON reader says apart from its place, and the place.
fn position(reason: &str) -> Option<(&str, usize, usize)> {
    let (what, place) = reason.rsplit_once(" at line ")?;
    let (line, column) = place.split_once(" column ")?;
    Some((what, line.parse().ok()?, column.parse().ok()?))
}

/// The offset of a line and column, both counted from 1.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut at = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Value, Diagnostics> {
        value("api.json", bytes, &mut Notes::default())
    }

    #[test]
    fn braces_begin_json_and_anything_else_yaml() {
        assert_eq!(read(b"\xEF\xBB\xBF {\"a\": 1}").expect("JSON"), json!({ "a": 1 }));
        assert_eq!(read("\u{feff}a: 1".as_bytes()).expect("YAML"), json!({ "a": 1 }));
        assert_eq!(read(b"{\0\"\0a\0\"\0:\x001\0}\0").expect("JSON in UTF-16"), json!({ "a": 1 }));
    }

    #[test]
    fn a_mistake_in_json_has_its_line_and_column() {
        let problem = read(b"{\n  \"a\": 1,\n}").expect_err("a comma too many");
        assert_eq!(problem.0[0].location().as_deref(), Some("api.json:3:1"), "{problem}");
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        assert!(read(b"\xC3\x28").expect_err("no UTF-8").to_string().contains("UTF-8"));
    }
}
