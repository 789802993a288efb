//! Bad weather in front of a mock: faults that are always on, and faults that a request asks for.

use std::sync::{Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use conformance_fault::{Fault, Harm, Subject};
use conformance_record::{Answer, Behind, Boundary, NoResponse, Request, Response, Upstream};
use conformance_source::suggest;

use crate::terminal;

/// The header field that asks for a fault.
const HEADER: &str = "conformance-fault";

/// What goes wrong, and how it is told.
#[derive(Debug)]
pub struct Weather {
    always: Harm,
    switched: Harm,
    names: Vec<String>,
    /// The names of the faults that a request may ask for.
    choice: Vec<String>,
    quiet: bool,
}

impl Weather {
    /// Faults that happen to every request, and faults that happen when they are asked for.
    pub fn new(subject: &Subject, always: Vec<Fault>, asked_for: Vec<Fault>, quiet: bool) -> Self {
        let names =
            |faults: &[Fault]| faults.iter().map(|fault| format!("{}: {}", fault.name, fault.summary)).collect();
        let (names, choice) = (names(&always), asked_for.iter().map(|fault| fault.name.clone()).collect());
        let switched = Harm::new(subject.clone(), "", asked_for).switched_by(HEADER);
        Self { always: Harm::new(subject.clone(), "", always), switched, names, choice, quiet }
    }

    /// What to expect, for people.
    pub fn summary(&self) -> String {
        let style = AnsiColor::Yellow.on_default();
        let lines = self.names.iter().map(|name| format!("\n{style}fault{style:#} {name}"));
        let header = (!self.choice.is_empty())
            .then(|| format!("\n{style}fault{style:#} any that a request asks for with `Conformance-Fault: NAME`"));
        lines.chain(header).collect::<String>() + "\n"
    }

    /// How often each fault that happens to every request has happened.
    pub fn happened(&self) -> Vec<u64> {
        self.always.happened()
    }

    /// Why a request cannot have what it asks for.
    fn mistaken(&self, request: &Request) -> Option<Response> {
        let asked = request.header(HEADER).filter(|_| !self.choice.is_empty())?;
        let unknown = asked.split(',').map(str::trim).find(|name| !self.choice.iter().any(|one| one == name))?;
        let help = suggest::help(unknown, self.choice.iter().map(String::as_str));
        let help = help.map_or_else(String::new, |help| format!("; {help}"));
        let body = serde_json::json!({ "message": format!("there is no fault `{unknown}`{help}") });
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Some(Response { status: 400, headers, body: body.to_string().into_bytes() })
    }

    async fn through(&self, request: Request, upstream: &dyn Upstream) -> Result<Response, NoResponse> {
        if let Some(response) = self.mistaken(&request) {
            return Ok(response);
        }
        let line = format!("{:>6} {}", request.method, request.path());
        let below = Below { upstream, answered: Mutex::default() };
        let response = self.always.pass(request, &Behind { boundary: &self.switched, upstream: &below }).await;
        let truth = below.answered.lock().unwrap_or_else(PoisonError::into_inner).take();
        if !self.quiet {
            tell(&line, truth.as_ref(), &response);
        }
        response
    }
}

impl Boundary for Weather {
    fn pass<'a>(&'a self, request: Request, upstream: &'a dyn Upstream) -> Answer<'a> {
        Box::pin(self.through(request, upstream))
    }
}

/// A line for the log when an answer is not the mock's own.
fn tell(line: &str, truth: Option<&Response>, response: &Result<Response, NoResponse>) {
    let (dim, style) = (Style::new().dimmed(), AnsiColor::Yellow.on_default());
    let what = match (response, truth) {
        (Err(reason), _) => reason.to_string(),
        (Ok(answer), Some(truth)) if answer == truth => return,
        (Ok(answer), Some(truth)) => format!("answered {}, altered from {}", answer.status, truth.status),
        (Ok(answer), None) => format!("answered {} in place of the mock", answer.status),
    };
    terminal::note(&format!("{line} {style}fault{style:#} {dim}{what}{dim:#}"));
}

/// The mock, and its last answer.
struct Below<'b> {
    upstream: &'b dyn Upstream,
    answered: Mutex<Option<Response>>,
}

impl Upstream for Below<'_> {
    fn send(&self, request: Request) -> Answer<'_> {
        Box::pin(async move {
            let response = self.upstream.send(request).await?;
            *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(response.clone());
            Ok(response)
        })
    }
}
