//! JSON Pointers (RFC 6901), the little of them that `serde_json` leaves to us.

use serde_json::Value;

/// `pointer` with one more token, escaped.
#[must_use]
pub fn push(pointer: &str, token: &str) -> String {
    format!("{pointer}/{}", token.replace('~', "~0").replace('/', "~1"))
}

/// The unescaped tokens of a pointer; none for the whole document.
pub fn tokens(pointer: &str) -> impl Iterator<Item = String> + '_ {
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~"))
}

/// Whether `text` is a pointer: empty, or beginning with a slash.
#[must_use]
pub fn is_pointer(text: &str) -> bool {
    text.is_empty() || text.starts_with('/')
}

/// Puts `value` at `pointer`, making the objects on the way. Says no when something on the way is no object.
pub fn set(document: &mut Value, pointer: &str, value: Value) -> bool {
    let mut place = document;
    for token in tokens(pointer) {
        if place.is_null() {
            *place = Value::Object(serde_json::Map::new());
        }
        let Value::Object(members) = place else { return false };
        place = members.entry(token).or_insert(Value::Null);
    }
    *place = value;
    true
}
