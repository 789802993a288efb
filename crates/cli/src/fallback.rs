//! `mock --fallback URL`: what the contract does not know, or shall not be mocked, is asked of a real server.

use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use conformance_fault::Subject;
use conformance_record::{Answer, Boundary, NoResponse, Request, Response, Upstream};
use conformance_runner::{RealServer, Settings};
use conformance_source::{Diagnostic, suggest};

use crate::exit::Failure;
use crate::faults::Catalogue;
use crate::{args, terminal};

/// The header field that names the real server in its responses, and marks what is passed on.
const HEADER: &str = "conformance-fallback";

/// A real server behind a mock.
#[derive(Debug)]
pub struct Fallback {
    server: RealServer,
    subject: Subject,
    /// Operations that are not mocked.
    passed: Vec<String>,
    quiet: bool,
}

impl Fallback {
    /// What the arguments ask for, if they do.
    ///
    /// # Errors
    /// When the URL is none, or an operation is not known.
    pub fn of(catalogue: &Catalogue, args: &args::Mock) -> Result<Option<Arc<Self>>, Failure> {
        let Some(url) = &args.fallback else { return Ok(None) };
        let subject = catalogue.subject();
        let known = subject.ids();
        if let Some(unknown) = args.passed.iter().find(|one| !known.contains(&one.as_str())) {
            let wrong = Diagnostic::general(format!("there is no operation `{unknown}` to pass on"));
            let help = suggest::help(unknown, known.iter().copied());
            return Err(help.into_iter().fold(wrong, Diagnostic::with_help).into());
        }
        let server = real_server(url).map_err(|why| Diagnostic::general(format!("--fallback: {why}")))?;
        Ok(Some(Arc::new(Self { server, subject, passed: args.passed.clone(), quiet: args.quiet })))
    }

    /// Everything is asked of a real server.
    ///
    /// # Errors
    /// When the URL is none.
    pub fn for_all(url: &str, catalogue: &Catalogue) -> Result<Self, Diagnostic> {
        let server = real_server(url).map_err(|why| Diagnostic::general(format!("--base-url: {why}")))?;
        let subject = catalogue.subject();
        let passed = subject.ids().into_iter().map(str::to_owned).collect();
        Ok(Self { server, subject, passed, quiet: false })
    }

    /// What to expect, for people.
    pub fn summary(&self) -> String {
        let bold = Style::new().bold();
        let others = if self.passed.is_empty() { String::new() } else { format!(", and {}", self.passed.join(", ")) };
        format!("\nWhat is not mocked{others} is asked of {bold}{}{bold:#}\n", self.server.url)
    }

    async fn through(&self, mut request: Request, upstream: &dyn Upstream) -> Result<Response, NoResponse> {
        let is_mocked = self.subject.id(&request, "").is_some_and(|id| !self.passed.iter().any(|one| one == id));
        // What was passed on already came round in a circle: this mock stands behind itself.
        if is_mocked || request.header(HEADER).is_some() {
            return upstream.send(request).await;
        }
        request.headers.push((HEADER.to_owned(), "passed on".to_owned()));
        let line = format!("{:>6} {}", request.method, request.path());
        let response = match self.server.send(request).await {
            Ok(mut response) => {
                response.headers.push((HEADER.to_owned(), self.server.url.clone()));
                response
            }
            Err(why) => unreachable(&self.server.url, &why),
        };
        if !self.quiet {
            let (style, dim) = (AnsiColor::Cyan.on_default(), Style::new().dimmed());
            let (status, url) = (response.status, &self.server.url);
            terminal::note(&format!("{line} {style}passed on{style:#} {dim}{url} answered {status}{dim:#}"));
        }
        Ok(response)
    }
}

impl Boundary for Fallback {
    fn pass<'a>(&'a self, request: Request, upstream: &'a dyn Upstream) -> Answer<'a> {
        Box::pin(self.through(request, upstream))
    }
}

fn real_server(url: &str) -> Result<RealServer, String> {
    RealServer::new(url, &Settings { proxies: true, ..Settings::default() })
}

/// The response of a gateway whose server gave none.
fn unreachable(url: &str, why: &NoResponse) -> Response {
    let body = serde_json::json!({ "message": format!("{url} gave no response: {why}") });
    let headers = [("content-type", "application/json"), (HEADER, url)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Response { status: 502, headers, body: body.to_string().into_bytes() }
}
