//! Recordings: every exchange of a run as JSON Lines, to be judged again without the network.
//!
//! `Authorization` is left out, and tokens are taken out of everything else. The format has a JSON Schema:
//! `schemas/formats/recording.schema.json`.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use conformance_record::secrets::without_query_secrets;
use conformance_record::written::{WrittenRequest, WrittenResponse, answer};
use conformance_record::{Exchange, Request, Secrets};
use conformance_source::{Diagnostic, Diagnostics, SourceFile};
use serde::{Deserialize, Serialize};

use crate::journal::private;
use crate::obstacle::Obstacle;

/// The version of the format.
pub(crate) const VERSION: u32 = 1;

/// The first line: what is needed to replay the same scenarios to the same letter.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Head {
    pub(crate) recording: u32,
    pub(crate) suite: String,
    pub(crate) target: String,
    pub(crate) marker: String,
    pub(crate) scenarios: Vec<String>,
    pub(crate) second_token: bool,
    pub(crate) read_only: bool,
    /// Of a run against a document only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) document: Option<DocumentHead>,
}

/// What a run against a document was told, and when it began.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct DocumentHead {
    /// When the run began, in Unix milliseconds.
    pub(crate) started_ms: i64,
    pub(crate) allow_leftovers: bool,
    pub(crate) allow: Vec<String>,
    pub(crate) with: Vec<(String, String)>,
    /// The names of `--header` fields, whose values may be secrets.
    #[serde(default)]
    pub(crate) headers: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    scenario: String,
    number: usize,
    request: WrittenRequest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response: Option<WrittenResponse>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(rename = "tookMs")]
    took_ms: f64,
}

/// Writes a recording. Clones write to the same file.
#[derive(Clone, Debug)]
pub struct Recorder {
    inner: Arc<Mutex<Inner>>,
    secrets: Secrets,
}

#[derive(Debug)]
struct Inner {
    file: BufWriter<File>,
    /// The first thing that went wrong.
    trouble: Option<io::Error>,
}

impl Recorder {
    /// A recording in a new file at `path`.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path, secrets: Secrets) -> io::Result<Self> {
        let file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(path)?;
        close_to_others(&file)?;
        let inner = Inner { file: BufWriter::new(file), trouble: None };
        Ok(Self { inner: Arc::new(Mutex::new(inner)), secrets })
    }

    pub(crate) fn begin(&self, head: &Head) {
        self.line(head);
    }

    /// Begins a recording of what a client sends to a stand-in: no scenario, only requests.
    pub fn begin_requests(&self, suite: &str) {
        self.begin(&Head {
            recording: VERSION,
            suite: suite.to_owned(),
            target: String::new(),
            marker: String::new(),
            scenarios: Vec::new(),
            second_token: false,
            read_only: false,
            document: None,
        });
        self.flush();
    }

    /// What was written is on disk, whatever happens next.
    fn flush(&self) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = inner.file.flush() {
            inner.trouble.get_or_insert(error);
        }
    }

    /// Writes what a client sent, and what was answered. Of its credentials only the scheme remains.
    pub fn write_request(&self, number: usize, exchange: &Exchange) {
        let mut exchange = exchange.anonymous();
        for (name, _) in exchange.request.headers.iter_mut().filter(|(name, _)| name == "authorization") {
            "credentials".clone_into(name);
        }
        self.write("", number, &exchange);
        // A mock may be killed at any time.
        self.flush();
    }

    pub(crate) fn write(&self, scenario: &str, number: usize, exchange: &Exchange) {
        let clean = |headers: &[(String, String)]| {
            let told =
                headers.iter().filter(|(name, _)| name != "authorization" && name != "cookie" && name != "set-cookie");
            told.map(|(name, value)| (name.clone(), self.secrets.scrub(value))).collect()
        };
        let (response, error) = match &exchange.response {
            Ok(response) => {
                let body = self.secrets.scrub_bytes(&response.body).into();
                (Some(WrittenResponse { status: response.status, headers: clean(&response.headers), body }), None)
            }
            Err(reason) => (None, Some(self.secrets.scrub(&reason.to_string()))),
        };
        let request = WrittenRequest {
            method: exchange.request.method.clone(),
            target: without_query_secrets(&self.secrets.scrub(&exchange.request.target)),
            headers: clean(&exchange.request.headers),
            body: self.secrets.scrub_bytes(&exchange.request.body).into(),
        };
        let took_ms = exchange.took.as_secs_f64() * 1000.0;
        self.line(&Line { scenario: scenario.to_owned(), number, request, response, error, took_ms });
    }

    fn line(&self, line: &impl Serialize) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let written = serde_json::to_writer(&mut inner.file, line).map_err(io::Error::from);
        if let Err(error) = written.and_then(|()| inner.file.write_all(b"\n")) {
            inner.trouble.get_or_insert(error);
        }
    }

    /// Writes out what is still in memory.
    ///
    /// # Errors
    /// When the file cannot be written, or could not be before.
    pub fn finish(&self) -> io::Result<()> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let flushed = inner.file.flush();
        inner.trouble.take().map_or(flushed, Err)
    }
}

/// A file that was there before may be open to all; a device or a pipe is somebody else's to close.
fn close_to_others(file: &File) -> io::Result<()> {
    #[cfg(not(unix))]
    let _ = file;
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    }
    Ok(())
}

/// A recording that is read again.
#[derive(Clone, Debug)]
pub struct Recording {
    head: Box<Head>,
    exchanges: HashMap<(String, usize), Exchange>,
}

impl Recording {
    /// Reads a recording.
    ///
    /// # Errors
    /// A head that is none, and every line that is no exchange.
    pub fn parse(file: &SourceFile) -> Result<Self, Diagnostics> {
        let (mut exchanges, mut found) = (HashMap::new(), Vec::new());
        let first = file.text().split_inclusive('\n').next().unwrap_or("");
        let mut offset = first.len();
        let head = serde_json::from_str::<Head>(first).map_err(|error| error.to_string());
        let head = head.and_then(|head| match head.recording {
            VERSION => Ok(head),
            other => Err(format!("it has version {other}; this program reads version {VERSION}")),
        });
        if let Err(reason) = &head {
            let wrong = Diagnostic::at(file, 0..0, "this is not the head of a recording", reason.clone());
            found.push(wrong.with_help("recordings are written by `conformance run --record FILE`"));
        }
        for text in file.text()[offset..].split_inclusive('\n') {
            match serde_json::from_str::<Line>(text) {
                Ok(line) => drop(exchanges.insert((line.scenario.clone(), line.number), exchange(line))),
                Err(_) if text.trim().is_empty() => {}
                // Who was killed while it wrote leaves half a line.
                Err(_) if !text.ends_with('\n') => {}
                Err(error) => {
                    let at = offset + error.column().saturating_sub(1).min(text.len());
                    let wrong = Diagnostic::at(file, at..at, "this line is no recorded exchange", error.to_string());
                    found.push(wrong.with_help("recordings are written by `conformance run --record FILE`"));
                }
            }
            offset += text.len();
        }
        let of_a_mock = head.as_ref().is_ok_and(|head| head.scenarios.is_empty() && head.marker.is_empty());
        if exchanges.is_empty() && found.is_empty() && !of_a_mock {
            found.push(Diagnostic::general(format!("{} holds no exchange", file.name())));
        }
        match head {
            Ok(head) if found.is_empty() => Ok(Self { head: Box::new(head), exchanges }),
            _ => Err(Diagnostics(found)),
        }
    }

    /// The names of the scenarios that were replayed then.
    #[must_use]
    pub fn scenarios(&self) -> &[String] {
        &self.head.scenarios
    }

    /// What was judged then: its URL, or another name.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.head.target
    }

    /// The title of the API.
    #[must_use]
    pub fn suite(&self) -> &str {
        &self.head.suite
    }

    /// Whether it is of a run against a document.
    #[must_use]
    pub const fn is_of_a_document(&self) -> bool {
        self.head.document.is_some()
    }

    /// What a run against a document was told; none when it was one of a suite.
    pub(crate) const fn document(&self) -> Option<&DocumentHead> {
        self.head.document.as_ref()
    }

    /// The word that stood for `$marker`.
    pub(crate) fn marker(&self) -> &str {
        &self.head.marker
    }

    /// What a client sent to a stand-in, in order; none when it is the recording of a run.
    #[must_use]
    pub fn requests(&self) -> Option<Vec<Exchange>> {
        if !self.head.scenarios.is_empty() || !self.head.marker.is_empty() {
            return None;
        }
        let mut all: Vec<Exchange> = self.exchanges.values().cloned().collect();
        all.sort_by_key(|exchange| exchange.number);
        for exchange in &mut all {
            for (name, _) in &mut exchange.request.headers {
                if name == "credentials" {
                    "authorization".clone_into(name);
                }
            }
        }
        Some(all)
    }

    /// Whether there was a token of another workspace.
    #[must_use]
    pub const fn second_token(&self) -> bool {
        self.head.second_token
    }

    /// Whether nothing was sent that could change anything.
    #[must_use]
    pub const fn read_only(&self) -> bool {
        self.head.read_only
    }

    pub(crate) fn exchange(&self, scenario: &str, number: usize, request: &Request) -> Result<Exchange, Obstacle> {
        let Some(found) = self.exchanges.get(&(scenario.to_owned(), number)) else {
            return Err("the recording does not have this request".into());
        };
        // Where a token was taken out, the two cannot be the same.
        let hidden = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("<token>");
        let same = found.request.method == request.method
            && (found.request.target == request.target || hidden(found.request.target.as_bytes()))
            && (found.request.body == request.body || hidden(&found.request.body));
        if !same {
            let (then, now) = (&found.request, request);
            return Err(format!(
                "the recording has {} {} here; the scenario now sends {} {}",
                then.method, then.target, now.method, now.target
            )
            .into());
        }
        Ok(found.clone())
    }
}

fn exchange(line: Line) -> Exchange {
    Exchange {
        number: line.number,
        request: line.request.into(),
        response: answer(line.response, line.error),
        took: Duration::from_secs_f64((line.took_ms / 1000.0).clamp(0.0, 1e6)),
    }
}
