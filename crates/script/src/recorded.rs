//! A script of a failed check, made of what went over the wire: it sends what led to the failure, with ids from step to step, and looks
//! whether the last response is still as it was found.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use conformance_record::secrets::REMOVED;
use conformance_record::{CheckOutcome, Exchange, Mismatch, Request};
use conformance_source::pointer;
use serde_json::Value;

use crate::text::{sentence, word};

/// More requests than that are no report of a bug.
const MOST: usize = 60;
/// Shorter texts stand for an id only where a path has them.
const LONG: usize = 8;

const PRELUDE: &str = r#"set -uo pipefail
TOKEN=${TOKEN:-}
for tool in curl jq; do
  command -v "$tool" >/dev/null || { echo "this script needs $tool" >&2; exit 4; }
done
folder=$(mktemp -d) || exit 4
# Sends a request; its status and body are those that are looked at next.
call() {
  local method=$1 path=$2
  shift 2
  status=$(curl -q -sS --globoff --path-as-is --max-time 30 -o "$folder/body" -w '%{http_code}' -X "$method" "$BASE_URL$path" "$@") || exit 4
  printf '%s %s → %s\n' "$method" "$path" "$status" >&2
}
value() { jq -r "$1 // empty" "$folder/body" 2>/dev/null; }
"#;

/// A failed check, and what went over the wire until then.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'r> {
    /// `area/behaviour`
    pub scenario: &'r str,
    /// The check.
    pub check: &'r CheckOutcome,
    /// All exchanges of the scenario, without secrets.
    pub exchanges: &'r [Exchange],
    /// The server, by default.
    pub base_url: &'r str,
}

/// A value of a response that later requests need.
struct Captured {
    /// The number of its exchange.
    number: usize,
    /// How jq finds it.
    filter: String,
    text: String,
    name: String,
}

/// The script; none when nothing was sent, or too much leads to the failure.
#[must_use]
pub fn recorded(of: &Recorded<'_>) -> Option<String> {
    let last = of.exchanges.iter().find(|one| Some(one.number) == of.check.exchange)?;
    let needed = needed(of.exchanges, last);
    if needed.len() > MOST {
        return None;
    }
    let deletions: Vec<&Exchange> = of.exchanges.iter().filter(|one| is_done(one, "DELETE")).collect();
    let captured = captured(&needed, &deletions);
    let mut text = head(of);
    let base = of.base_url.trim_end_matches('/');
    let _ = write!(text, "BASE_URL=${{BASE_URL:-{}}}\nBASE_URL=${{BASE_URL%/}}\n{PRELUDE}", word(base));
    let made: Vec<String> = deletions.iter().filter_map(|one| clean_up(one, &captured)).collect();
    let _ = write!(
        text,
        "# What is created is deleted, whatever happens.\nclean_up() {{\n{}  rm -rf \"$folder\"\n}}\ntrap clean_up EXIT\n\n",
        made.concat()
    );
    for one in &needed {
        text.push_str(&call(&one.request, &captured));
        for value in captured.iter().filter(|value| value.number == one.number) {
            let _ = writeln!(text, "{}=$(value {})", value.name, word(&value.filter));
        }
    }
    text.push_str(&verdict(of.check, last, &captured));
    Some(text)
}

/// What the script is, for the one who gets it.
fn head(of: &Recorded<'_>) -> String {
    let mut text = "#!/usr/bin/env bash\n".to_owned();
    for cited in &of.check.requirements {
        let _ = writeln!(
            text,
            "# {}\n#   {} ({}), {}",
            sentence(&cited.statement),
            cited.id,
            cited.level,
            of.check.position
        );
    }
    let _ = write!(
        text,
        "#\n# Made of what went over the wire in {}: sends what led to the failure. Ends with 1 while the response is as it was\n# found, with 0 when it is not, with 4 when that cannot be told. TOKEN is the credential.\n",
        of.scenario
    );
    text
}

fn is_done(one: &Exchange, method: &str) -> bool {
    one.request.method == method && one.response.as_ref().is_ok_and(|response| (200..300).contains(&response.status))
}

/// The exchanges that lead to the last one: what made the ids that it names, and, where it only reads, what was written there.
fn needed<'e>(all: &'e [Exchange], last: &'e Exchange) -> Vec<&'e Exchange> {
    let mut needed: Vec<&Exchange> = vec![last];
    let reads = last.request.method == "GET";
    let is_write = |one: &&Exchange| ["POST", "PUT", "PATCH", "DELETE"].iter().any(|method| is_done(one, method));
    for one in all.iter().filter(|one| one.number < last.number).filter(is_write).rev() {
        let path = one.request.path();
        let is_there = reads && within(path, last.request.path());
        let made = if one.request.method == "POST" { scalars(one) } else { Vec::new() };
        // What a request names itself, it did not make.
        let is_new = |id: &str| !path.split('/').any(|step| step == id);
        if is_there || needed.iter().any(|other| made.iter().any(|(_, id)| is_new(id) && names(&other.request, id))) {
            needed.push(one);
        }
    }
    needed.reverse();
    needed
}

/// Whether a path is another one, or stands below it.
fn within(path: &str, other: &str) -> bool {
    path.strip_prefix(other.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a request names a value: as a step of its path, or as a long text anywhere.
fn names(request: &Request, text: &str) -> bool {
    let is_step = request.path().split('/').any(|step| step == text);
    is_step
        || (text.len() >= LONG
            && (request.target.contains(text) || String::from_utf8_lossy(&request.body).contains(text)))
}

/// The texts and numbers of a response, each with how jq finds it.
fn scalars(one: &Exchange) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if let Some(body) = one.response.as_ref().ok().and_then(|response| serde_json::from_slice(&response.body).ok()) {
        collect(&body, String::new(), &mut found);
    }
    found
}

fn collect(value: &Value, filter: String, found: &mut Vec<(String, String)>) {
    let dotted = |filter: &str| if filter.is_empty() { ".".to_owned() } else { filter.to_owned() };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            collect(value, format!("{}[{}]", dotted(&filter), Value::from(name.as_str())), found)
        }),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| collect(item, format!("{}[{at}]", dotted(&filter)), found));
        }
        Value::String(text) if !text.is_empty() => found.push((filter, text.clone())),
        Value::Number(number) => found.push((filter, number.to_string())),
        _ => {}
    }
}

/// What responses hold that later requests, or the deletions, name.
fn captured(needed: &[&Exchange], deletions: &[&Exchange]) -> Vec<Captured> {
    let mut captured: Vec<Captured> = Vec::new();
    for (at, one) in needed.iter().enumerate() {
        let sent = String::from_utf8_lossy(&one.request.body).into_owned();
        for (filter, text) in scalars(one) {
            let is_known = captured.iter().any(|known| known.text == text) || sent.contains(&text);
            let mut later = needed[at + 1..].iter().chain(deletions);
            if !is_known && later.any(|other| names(&other.request, &text)) {
                let name = format!("value_{}", captured.len() + 1);
                captured.push(Captured { number: one.number, filter, text, name });
            }
        }
    }
    captured
}

/// A text in double quotes, with variables in place of what was captured.
fn filled(text: &str, captured: &[Captured]) -> String {
    let mut quoted = String::new();
    for letter in text.chars() {
        if matches!(letter, '"' | '\\' | '$' | '`') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    let mut order: Vec<&Captured> = captured.iter().collect();
    order.sort_by_key(|one| std::cmp::Reverse(one.text.len()));
    for one in order {
        let variable = format!("${{{}}}", one.name);
        quoted = if one.text.len() >= LONG {
            quoted.replace(&one.text, &variable)
        } else {
            let (path, query) =
                quoted.split_once('?').map_or((quoted.as_str(), None), |(path, query)| (path, Some(query)));
            let step = |step: &str| if step == one.text { variable.clone() } else { step.to_owned() };
            let path = path.split('/').map(step).collect::<Vec<_>>().join("/");
            query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"))
        };
    }
    format!("\"{quoted}\"")
}

fn call(request: &Request, captured: &[Captured]) -> String {
    const LEFT_OUT: [&str; 6] = ["accept", "accept-encoding", "connection", "content-length", "host", "user-agent"];
    let mut line = format!("call {} {}", request.method, filled(&request.target, captured));
    for (name, value) in request.headers.iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str())) {
        let argument = match (name.as_str(), value.as_str()) {
            ("authorization", "Basic <token>") => "-u \"$TOKEN\"".to_owned(),
            ("authorization", own) if own.ends_with(" <token>") => {
                format!("-H \"authorization: {}\"", own.replace("<token>", "$TOKEN"))
            }
            (name, REMOVED) if name != "cookie" && !name.contains("idempotency") => format!("-H \"{name}: $TOKEN\""),
            // The version is another one now.
            ("if-match", _) => "-H 'if-match: *'".to_owned(),
            (name, value) => format!("-H {}", word(&format!("{name}: {value}"))),
        };
        let _ = write!(line, " {argument}");
    }
    if !request.body.is_empty() {
        let _ = write!(line, " \\\n  --data-raw {}", filled(&String::from_utf8_lossy(&request.body), captured));
    }
    line + "\n"
}

/// The line that deletes what was made under a captured id.
fn clean_up(deletion: &Exchange, captured: &[Captured]) -> Option<String> {
    let id = deletion.request.path().rsplit('/').find(|step| !step.is_empty())?;
    let one = captured.iter().find(|one| one.text == id)?;
    let line = call(&deletion.request, captured);
    Some(format!("  [[ ${{{}:-}} ]] && {}", one.name, line.trim_end().to_owned() + " 2>/dev/null\n"))
}

/// Looks at the last response, and ends.
fn verdict(check: &CheckOutcome, last: &Exchange, captured: &[Captured]) -> String {
    let expected = sentence(&check.expected);
    let found: BTreeSet<String> = check.found.iter().map(|one| sentence(&one.to_string())).collect();
    let found: Vec<String> = found.into_iter().collect();
    let mut text = format!("\n# expected: {expected}\n# found:    {}\n", found.join("; "));
    match check.found.iter().find_map(|one| symptom(one, last, captured)) {
        Some(symptom) => {
            let said = word(&format!("still so: {}; expected {expected}", found.join("; ")));
            let _ = write!(text, "if {symptom}; then\n  echo {said}\n  exit 1\nfi\necho 'it is not so any more'\n");
        }
        None => text.push_str("echo 'compare by eye:'\ncat \"$folder/body\"\nexit 4\n"),
    }
    text
}

/// A command that succeeds while the response is as it was found; none where one response does not tell.
fn symptom(found: &Mismatch, last: &Exchange, captured: &[Captured]) -> Option<String> {
    if let Some(status) = found.found.strip_prefix("the status is ").and_then(|rest| rest.parse::<u16>().ok()) {
        return Some(format!("[[ $status == {status} ]]"));
    }
    let id = found
        .found
        .split([' ', ','])
        .next()
        .filter(|_| found.found.ends_with("listed") || found.found.ends_with("is there"));
    if let Some(one) = id.and_then(|id| captured.iter().find(|one| one.text == id)) {
        let filter = "[.. | scalars | tostring | select(. == $id)] | length > 0";
        return Some(format!("jq -e --arg id \"${{{}}}\" {} \"$folder/body\" >/dev/null", one.name, word(filter)));
    }
    let body: Value = serde_json::from_slice(&last.response.as_ref().ok()?.body).ok()?;
    let shown = if found.place.is_empty() { None } else { body.pointer(&found.place) }?;
    if shown.is_object() || captured.iter().any(|one| shown.to_string().contains(&one.text)) {
        return None;
    }
    let step = |step: String| step.parse::<u64>().map_or_else(|_| Value::from(step.as_str()), Value::from);
    let steps: Vec<Value> = pointer::tokens(&found.place).map(step).collect();
    let filter = format!("getpath({}) == {shown}", Value::from(steps));
    Some(format!("jq -e {} \"$folder/body\" >/dev/null", word(&filter)))
}
