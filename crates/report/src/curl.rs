//! A request as lines of curl. The token is the shell's `$TOKEN`, never its value.

use conformance_record::secrets::REMOVED;
use conformance_record::{Exchange, Request};
use serde_json::Value;

/// The lines that send a request to `origin` once more. What the run created is deleted by now: an object that the request
/// names is created first, where one is all that it takes.
#[must_use]
pub fn reproduce(origin: &str, exchange: &Exchange, all: &[Exchange]) -> Vec<String> {
    let request = &exchange.request;
    let earlier = all.iter().filter(|one| one.number < exchange.number);
    let named: Vec<(&Exchange, (String, String))> =
        earlier.filter_map(|one| Some((one, named_by(one, &request.target)?))).collect();
    match named.as_slice() {
        [] => vec![curl("-si", origin, request)],
        [(create, (member, id))] => {
            let capture = format!("sed -n 's/.*\"{member}\": *\"\\{{0,1\\}}\\([^\",}}]*\\).*/\\1/p'");
            let create = curl("-s", origin, &create.request);
            // Double quotes let the shell put the id in.
            let again = curl("-si", origin, request).replace(id.as_str(), "'\"$ID\"'");
            vec![format!("ID=$({create} | {capture})"), again]
        }
        several => {
            let count = several.len();
            vec![
                format!("# names {count} objects that the run has deleted; --scripts DIR writes the whole sequence"),
                curl("-si", origin, request),
            ]
        }
    }
}

/// The member and the id of the object that an exchange created, when a target names it.
fn named_by(exchange: &Exchange, target: &str) -> Option<(String, String)> {
    let response = exchange.response.as_ref().ok().filter(|one| (200..300).contains(&one.status))?;
    if exchange.request.method != "POST" {
        return None;
    }
    let Ok(Value::Object(members)) = conformance_json::parse(&response.body) else { return None };
    let names = |id: &str| target.split(['/', '?', '&', '=']).any(|part| part == id);
    let id = |(name, value): (String, Value)| match value {
        Value::String(text) if !text.is_empty() && names(&text) => Some((name, text)),
        Value::Number(number) if names(&number.to_string()) => Some((name, number.to_string())),
        _ => None,
    };
    members.into_iter().find_map(id)
}

/// The line that sends a request to `origin`.
fn curl(flags: &str, origin: &str, request: &Request) -> String {
    let mut line = format!("curl {flags}");
    if request.method != "GET" {
        line.push_str(&format!(" -X {}", request.method));
    }
    line.push_str(&format!(" {}", quoted(&format!("{origin}{}", request.target))));
    for (name, value) in &request.headers {
        let header = match value.as_str() {
            _ if ["accept", "accept-encoding", "connection", "content-length", "host", "user-agent"]
                .contains(&name.as_str()) =>
            {
                continue;
            }
            "Basic <token>" => {
                line.push_str(" -u \"$TOKEN\"");
                continue;
            }
            credentials if name == "authorization" && credentials.ends_with(" <token>") => {
                format!("\"Authorization: {}\"", credentials.replace("<token>", "$TOKEN"))
            }
            credentials if name == "authorization" && credentials.ends_with("<second token>") => {
                format!("\"Authorization: {}\"", credentials.replace("<second token>", "$SECOND_TOKEN"))
            }
            // Where credentials stand of which nothing is told.
            REMOVED if name != "cookie" && !name.contains("idempotency") => format!("\"{name}: $TOKEN\""),
            _ => quoted(&format!("{name}: {value}")),
        };
        line.push_str(&format!(" -H {header}"));
    }
    if !request.body.is_empty() {
        // As it is: `-d` would read a file where a body begins with @.
        line.push_str(&format!(" --data-raw {}", quoted(&String::from_utf8_lossy(&request.body))));
    }
    line
}

/// A word as a shell takes it literally; what nobody sees as escapes that bash reads.
fn quoted(text: &str) -> String {
    if text.chars().any(char::is_control) {
        let escaped = text.chars().map(|c| match c {
            '\\' => "\\\\".to_owned(),
            '\'' => "\\'".to_owned(),
            c if c.is_control() => format!("\\x{:02x}", u32::from(c)),
            c => c.to_string(),
        });
        return format!("$'{}'", escaped.collect::<String>());
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}
