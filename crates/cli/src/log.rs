//! One readable line per request, with what was noted below it. Tokens never appear.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use conformance_mock::{Observer, Reply};
use conformance_record::{Exchange, Request, Response};
use conformance_runner::Recorder;

use crate::terminal;

/// Writes the log to stderr, and a recording when one was asked for.
#[derive(Debug)]
pub struct RequestLog {
    told: bool,
    recorder: Option<Recorder>,
    number: AtomicUsize,
}

impl RequestLog {
    /// A log that is told or not, and recorded or not.
    pub fn new(told: bool, recorder: Option<Recorder>) -> Self {
        Self { told, recorder, number: AtomicUsize::new(0) }
    }
}

impl Observer for RequestLog {
    fn answered(&self, request: &Request, reply: &Reply, took: Duration) {
        if self.told {
            terminal::note(&line(request, reply, took));
        }
        if let Some(recorder) = &self.recorder {
            let number = self.number.fetch_add(1, Ordering::Relaxed);
            recorder.write_request(number, &exchange(request, reply, took));
        }
    }
}

/// What a mock was asked, and what it answered, without the credentials of whoever asked.
pub fn exchange(request: &Request, reply: &Reply, took: Duration) -> Exchange {
    let headers = reply.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let response = Ok(Response { status: reply.status, headers, body: reply.body.to_vec() });
    Exchange { number: 0, request: request.clone(), response, took }.anonymous()
}

fn line(request: &Request, reply: &Reply, took: Duration) -> String {
    let dim = Style::new().dimmed();
    let status = match reply.status {
        200..=399 => AnsiColor::Green,
        400..=499 => AnsiColor::Yellow,
        _ => AnsiColor::Red,
    }
    .on_default();
    let workspace = reply.workspace.map_or_else(String::new, |number| format!(" workspace {number}"));
    let micros = took.as_micros();
    let time = if micros < 1000 { format!("{micros} µs") } else { format!("{:.1} ms", took.as_secs_f64() * 1000.0) };
    let mut text = format!(
        "{:>6} {} {status}{}{status:#} {dim}{time}{workspace}{dim:#}",
        request.method,
        safe(request, &request.target),
        reply.status
    );
    if let Some(problem) = &reply.problem {
        let _ = write!(text, "\n       {dim}refused:{dim:#} {}", safe(request, &problem.message));
    }
    for note in &reply.notes {
        let _ = write!(text, "\n       {dim}noted:{dim:#} {}", safe(request, &note.to_string()));
    }
    text
}

/// Text from outside, without the request's token and without control characters.
fn safe(request: &Request, text: &str) -> String {
    let token = request.header("authorization").and_then(|value| value.split_whitespace().last());
    let hidden = match token {
        Some(token) if token.len() >= 8 => text.replace(token, "<token>"),
        _ => text.to_owned(),
    };
    hidden.chars().flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
}
