//! A request as a line of curl. The token is the shell's `$TOKEN`, never its value.

use conformance_record::Request;

/// The line that sends a request to `origin`.
#[must_use]
pub fn curl(origin: &str, request: &Request) -> String {
    let mut line = "curl -si".to_owned();
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
            "Bearer <token>" => "\"Authorization: Bearer $TOKEN\"".to_owned(),
            "Bearer <second token>" => "\"Authorization: Bearer $SECOND_TOKEN\"".to_owned(),
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
