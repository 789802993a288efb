//! What all workspaces hold, as text that survives a restart.

use serde_json::{Map, Value, json};

use crate::kept::{Key, Salt};

/// The version of the format.
const VERSION: u64 = 1;

/// What all workspaces hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Saved {
    /// What the hashes of credentials are keyed with.
    pub(crate) salt: Salt,
    /// What stands for a credential, the number of its workspace, and what that holds.
    pub(crate) workspaces: Vec<(Key, usize, Value)>,
}

impl Saved {
    /// As text, of an API with a title.
    pub(crate) fn written(&self, title: &str) -> String {
        let one = |(key, number, state): &(Key, usize, Value)| json!({ "credential": format!("{key:032x}"), "number": number, "holds": state });
        let workspaces: Vec<Value> = self.workspaces.iter().map(one).collect();
        let salt = format!("{:032x}", u128::from_be_bytes(self.salt));
        let saved = json!({ "conformance": VERSION, "api": title, "salt": salt, "workspaces": workspaces });
        conformance_json::write(&saved) + "\n"
    }

    /// Reads what was written.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let saved: Value = conformance_json::parse(text.as_bytes()).map_err(|error| error.to_string())?;
        match saved.get("conformance").and_then(Value::as_u64) {
            Some(VERSION) => {}
            Some(other) => return Err(format!("it is of version {other}; this program reads version {VERSION}")),
            None => return Err("it is no state of a mock: `conformance` is missing".to_owned()),
        }
        let hex = |object: &Map<String, Value>, name: &str| {
            let text = object.get(name).and_then(Value::as_str).ok_or_else(|| format!("`{name}` is no text"))?;
            u128::from_str_radix(text, 16).map_err(|_| format!("`{name}` is no hexadecimal number"))
        };
        let top = saved.as_object().ok_or("it is no object")?;
        let workspaces = top.get("workspaces").and_then(Value::as_array).ok_or("`workspaces` is no list")?;
        let workspace = |(index, one): (usize, &Value)| {
            let wrong = |what: &str| format!("workspaces/{index}: {what}");
            let object = one.as_object().ok_or_else(|| wrong("is no object"))?;
            let number = object.get("number").and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
            let number = number.ok_or_else(|| wrong("`number` is no whole number"))?;
            let key = hex(object, "credential").map_err(|what| wrong(&what))?;
            Ok((key, number, object.get("holds").cloned().unwrap_or_default()))
        };
        let workspaces = workspaces.iter().enumerate().map(workspace).collect::<Result<_, String>>()?;
        Ok(Self { salt: hex(top, "salt")?.to_be_bytes(), workspaces })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let saved = Saved { salt: [7; 16], workspaces: vec![(u128::MAX - 3, 2, json!({ "pets": [{ "id": 1 }] }))] };
        assert_eq!(Saved::read(&saved.written("Pets")), Ok(saved));
    }

    #[rstest]
    #[case("", "")]
    #[case("[]", "it is no state of a mock")]
    #[case(r#"{"conformance":9}"#, "it is of version 9")]
    #[case(r#"{"conformance":1,"salt":"00","workspaces":[{"number":1}]}"#, "workspaces/0: `credential` is no text")]
    fn what_is_no_state_is_refused(#[case] text: &str, #[case] expected: &str) {
        assert!(Saved::read(text).unwrap_err().contains(expected));
    }
}
