//! One readable line per request, with what was noted below it. Tokens never appear.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use conformance_mock::{Observer, Reply, Witness};
use conformance_record::secrets::without_query_secrets;
use conformance_record::truncate::truncate;
use conformance_record::{Exchange, NoResponse, Request, Response};
use conformance_runner::Recorder;
use parking_lot::{Condvar, Mutex};

use crate::terminal;

/// So many bytes wait to be written; who sends more requests waits, too.
const MOST_WAITING: usize = 1024 * 1024;
/// How long the first line that is to be written waits for others. Each write costs much more than a line.
const GATHERING: Duration = Duration::from_millis(2);

/// Writes the log to stderr, from a thread of its own: no request waits for a terminal. What was logged is written when this
/// is dropped.
#[derive(Debug)]
pub struct RequestLog {
    lines: Arc<Lines>,
    writer: Option<JoinHandle<()>>,
}

/// Lines that are to be written.
#[derive(Debug, Default)]
struct Lines {
    waiting: Mutex<Waiting>,
    /// There is something to do for who writes.
    come: Condvar,
    /// There is room again for who logs.
    gone: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    text: String,
    /// No more will come.
    ended: bool,
}

impl RequestLog {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start() -> io::Result<Self> {
        let lines = Arc::<Lines>::default();
        let written = lines.clone();
        let writer = thread::Builder::new().name("log".to_owned()).spawn(move || written.write())?;
        Ok(Self { lines, writer: Some(writer) })
    }
}

impl Observer for RequestLog {
    fn answered(&self, request: &Request, reply: &Reply, took: Duration) {
        self.lines.add(&line(request, reply, took));
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        self.lines.waiting.lock().ended = true;
        self.lines.come.notify_one();
        let _ = self.writer.take().map(JoinHandle::join);
    }
}

impl Lines {
    fn add(&self, line: &str) {
        let mut waiting = self.waiting.lock();
        self.gone.wait_while(&mut waiting, |waiting| waiting.text.len() > MOST_WAITING);
        let is_first = waiting.text.is_empty();
        if !is_first {
            waiting.text.push('\n');
        }
        waiting.text.push_str(line);
        drop(waiting);
        if is_first {
            self.come.notify_one();
        }
    }

    /// Writes what comes until no more will.
    fn write(&self) {
        let mut text = String::new();
        loop {
            let mut waiting = self.waiting.lock();
            self.come.wait_while(&mut waiting, |waiting| waiting.text.is_empty() && !waiting.ended);
            if !waiting.ended {
                self.come.wait_while_for(&mut waiting, |waiting| !waiting.ended, GATHERING);
            }
            if waiting.text.is_empty() {
                return;
            }
            std::mem::swap(&mut text, &mut waiting.text);
            drop(waiting);
            self.gone.notify_all();
            terminal::note(&text);
            text.clear();
        }
    }
}

/// Writes a recording of what clients send.
#[derive(Debug)]
pub struct Record {
    recorder: Recorder,
    number: AtomicUsize,
}

impl Record {
    /// Writes to this recorder.
    pub const fn to(recorder: Recorder) -> Self {
        Self { recorder, number: AtomicUsize::new(0) }
    }
}

impl Witness for Record {
    fn saw(&self, request: &Request, answer: &Result<Response, NoResponse>, took: Duration) {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let exchange = Exchange { number, request: request.clone(), response: answer.clone(), took };
        self.recorder.write_request(number, &exchange);
    }
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
        safe(request, &truncate(&without_query_secrets(&request.target), MAX_TARGET)),
        reply.status
    );
    if let Some(problem) = &reply.problem {
        let _ = write!(text, "\n       {dim}refused:{dim:#} {}", safe(request, &problem.message));
    }
    for note in &reply.notes {
        let _ = write!(text, "\n       {dim}noted:{dim:#} {}", safe(request, &note.to_string()));
    }
    if let Some(hint) = &reply.hint {
        let _ = write!(text, "\n       {dim}hint:{dim:#} {}", safe(request, hint));
    }
    text
}

/// So many bytes of a target stand in a line.
const MAX_TARGET: usize = 1024;

/// Text from outside, without the request's token and without control characters.
fn safe(request: &Request, text: &str) -> String {
    let token = request.header("authorization").and_then(|value| value.split_whitespace().last());
    let mut shown = match token {
        Some(token) if token.len() >= 8 && text.contains(token) => text.replace(token, "<token>"),
        _ => text.to_owned(),
    };
    if shown.contains(char::is_control) {
        let escape = |c: char| if c.is_control() { c.escape_default().collect::<String>() } else { c.to_string() };
        shown = shown.chars().map(escape).collect();
    }
    shown
}
