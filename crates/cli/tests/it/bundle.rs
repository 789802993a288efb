//! The contract as one document, for tools that read nothing but a whole one.

use std::fs;

use serde_json::Value;

use crate::context::{MockServer, root, run, stdout};

/// `UPDATE_PICTURES=1 cargo test -p api-conformance bundle` writes it anew.
#[test]
fn the_document_that_is_shipped_is_the_contract() {
    let output = run(&["bundle"]);
    assert_eq!(output.status.code(), Some(0));
    let path = root().join("docs/openapi.json");
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        fs::write(&path, stdout(&output)).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), stdout(&output), "UPDATE_PICTURES=1 writes it anew");
    let server = MockServer::start(&["--quiet"]);
    let (status, served) = server.send("t", "GET", "/__conformance/contract.json", None);
    assert_eq!((status, served), (200, serde_json::from_str::<Value>(&stdout(&output)).unwrap()));
}

/// Every reference leads to something in the document itself, and names are fit for types.
#[test]
fn it_is_whole() {
    let document: Value = serde_json::from_str(&stdout(&run(&["bundle"]))).unwrap();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 10);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads out of the document"));
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(name.chars().all(char::is_alphanumeric) && name.starts_with(char::is_uppercase), "{name}");
    }
    assert!(!document.to_string().contains("\"x-"), "keys of ours are left out");
}

fn collect(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            into.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| collect(member, into));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        _ => {}
    }
}
