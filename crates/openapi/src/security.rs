//! Who may ask, and where: security schemes, and the paths of servers.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::grammar::METHODS;
use crate::notes::Notes;
use crate::parts::{Parts, location};
use crate::{Location, Scheme};

/// The alternatives of a `security`; none when nothing is said.
pub(crate) fn alternatives(security: Option<&Value>) -> Option<Vec<Vec<String>>> {
    let alternatives = security?.as_array()?.iter().filter_map(Value::as_object);
    Some(alternatives.map(|schemes| schemes.keys().cloned().collect()).collect())
}

/// The schemes of a document that was rewritten.
pub(crate) fn schemes(root: &Value, notes: &mut Notes) -> BTreeMap<String, Scheme> {
    let all = root.pointer("/components/securitySchemes").and_then(Value::as_object);
    let mut found = BTreeMap::new();
    for (name, value) in all.into_iter().flatten() {
        let at = conformance_source::pointer::push("/components/securitySchemes", name);
        let (value, _) = Parts { root, notes: &mut *notes }.follow(value, &at);
        let scheme = value.as_object().map_or_else(|| Scheme::Unknown(String::new()), scheme);
        if matches!(scheme, Scheme::Unknown(_)) {
            notes.add("a security scheme is of no type that is known", &at);
        }
        found.insert(name.clone(), scheme);
    }
    found
}

fn scheme(members: &Map<String, Value>) -> Scheme {
    let text = |key: &str| members.get(key).and_then(Value::as_str).unwrap_or_default();
    match text("type") {
        // 2.0 calls it by its name.
        "basic" => Scheme::Basic,
        "oauth2" | "openIdConnect" => Scheme::Bearer,
        "mutualTLS" => Scheme::MutualTls,
        "apiKey" => {
            let (name, location) = (text("name").to_owned(), location(text("in")).unwrap_or(Location::Header));
            let is_authorization = location == Location::Header && name.eq_ignore_ascii_case("authorization");
            match prefix(text("description")).filter(|_| is_authorization) {
                Some(word) if word.eq_ignore_ascii_case("bearer") => Scheme::Bearer,
                Some(word) => Scheme::Http(word),
                None => Scheme::ApiKey { name, location },
            }
        }
        "http" => match text("scheme").to_lowercase().as_str() {
            "basic" => Scheme::Basic,
            "bearer" => Scheme::Bearer,
            other => Scheme::Http(other.to_owned()),
        },
        other => Scheme::Unknown(other.to_owned()),
    }
}

/// The word that stands before a key in `Authorization`, where a description names it as generators of documents do:
/// `required prefix "Token"`, `Authorization: Bearer {token}`.
fn prefix(description: &str) -> Option<String> {
    let quoted = description.split_once("prefix \"").and_then(|(_, rest)| rest.split_once('"')).map(|(word, _)| word);
    let shown = || {
        let rest = description.split("Bearer ").skip(1).find(|rest| rest.starts_with(['{', '<', '[']));
        rest.map(|_| "Bearer")
    };
    quoted.or_else(shown).map(|word| word.trim().to_owned()).filter(|word| !word.is_empty() && !word.contains(' '))
}

/// The paths of all servers: of the document, of its paths and of its operations.
pub(crate) fn base_paths(root: &Value) -> Vec<String> {
    let items = || root.get("paths").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let operations = items().flat_map(|item| METHODS.iter().filter_map(|method| item.get(*method)));
    let all = std::iter::once(root).chain(items()).chain(operations);
    let servers = all.filter_map(|one| one.get("servers").and_then(Value::as_array)).flatten();
    let mut found: Vec<String> = Vec::new();
    for path in servers.filter_map(base_path) {
        if !path.is_empty() && !found.contains(&path) {
            found.push(path);
        }
    }
    found
}

fn base_path(server: &Value) -> Option<String> {
    let mut url = server.get("url")?.as_str()?.to_owned();
    for (name, variable) in server.get("variables").and_then(Value::as_object).into_iter().flatten() {
        let value = match variable.get("default") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => continue,
        };
        url = url.replace(&format!("{{{name}}}"), &value);
    }
    let rest = url.split_once("://").map(|(_, rest)| rest).or_else(|| url.strip_prefix("//"));
    // Without a host, a URL is a path, from the root or from where the document was found.
    let path = match rest {
        Some(rest) => rest.split_once('/').map_or("", |(_, path)| path),
        None => url.strip_prefix("./").unwrap_or(&url),
    };
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_matches('/');
    Some(if path.is_empty() || path == "." { String::new() } else { format!("/{path}") })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!({ "url": "https://api.example.com" }), "")]
    #[case(json!({ "url": "https://api.example.com/v1/" }), "/v1")]
    #[case(json!({ "url": "/api/v3" }), "/api/v3")]
    #[case(json!({ "url": "v3" }), "/v3")]
    #[case(json!({ "url": "/" }), "")]
    #[case(json!({ "url": "//example.com/v1?a=b" }), "/v1")]
    #[case(json!({ "url": "{scheme}://{host}/{base}", "variables": { "scheme": { "default": "https" }, "host": { "default": "a.example" }, "base": { "default": "v2" } } }), "/v2")]
    fn a_server_has_a_path(#[case] server: Value, #[case] path: &str) {
        assert_eq!(base_path(&server).as_deref(), Some(path));
    }

    #[rstest]
    #[case(json!({ "type": "basic" }), Scheme::Basic)]
    #[case(json!({ "type": "http", "scheme": "Bearer" }), Scheme::Bearer)]
    #[case(json!({ "type": "http", "scheme": "Digest" }), Scheme::Http("digest".to_owned()))]
    #[case(json!({ "type": "apiKey", "name": "key", "in": "query" }), Scheme::ApiKey { name: "key".to_owned(), location: Location::Query })]
    #[case(json!({ "type": "apiKey", "name": "Authorization", "in": "header", "description": "Token-based, with required prefix \"Token\"" }), Scheme::Http("Token".to_owned()))]
    #[case(json!({ "type": "apiKey", "name": "Authorization", "in": "header", "description": "Example: \"Authorization: Bearer {token}\"" }), Scheme::Bearer)]
    #[case(json!({ "type": "apiKey", "name": "Authorization", "in": "header", "description": "A Bearer of news." }), Scheme::ApiKey { name: "Authorization".to_owned(), location: Location::Header })]
    #[case(json!({ "type": "apiKey", "name": "X-Key", "in": "header", "description": "Bearer {token}" }), Scheme::ApiKey { name: "X-Key".to_owned(), location: Location::Header })]
    #[case(json!({ "type": "oauth2" }), Scheme::Bearer)]
    #[case(json!({ "type": "mutualTLS" }), Scheme::MutualTls)]
    #[case(json!({ "type": "magic" }), Scheme::Unknown("magic".to_owned()))]
    fn a_scheme_is_known_by_its_type(#[case] value: Value, #[case] expected: Scheme) {
        assert_eq!(scheme(value.as_object().expect("an object")), expected);
    }
}
