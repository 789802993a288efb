//! From the flags about a server to a target and settings.

use std::time::Duration;

use conformance_runner::target::Second;
use conformance_runner::{Settings, Target, Tokens};
use conformance_source::{Diagnostic, Diagnostics};

use crate::args::Server;
use crate::exit::{Exit, Failure};

/// What is sent when no token is given: many servers of one's own take any.
const DEFAULT_TOKEN: &str = "conformance";

/// The target at the base URL, if one is given.
pub fn target(server: &Server) -> Result<Option<Target>, Failure> {
    let token = token(server.token.as_ref(), "--token and CONFORMANCE_TOKEN")?;
    let second = self::token(server.second_token.as_ref(), "--second-token and CONFORMANCE_SECOND_TOKEN")?;
    let Some(url) = server.base_url.as_deref() else { return Ok(None) };
    if url.is_empty() {
        // A variable that expanded to nothing must not turn into a green run against the mock.
        let wrong = Diagnostic::general("the base URL is empty");
        return Err(wrong
            .with_help("give a URL, or neither --base-url nor CONFORMANCE_BASE_URL to judge the embedded mock")
            .into());
    }
    let token = token.unwrap_or_else(|| DEFAULT_TOKEN.to_owned());
    if second.as_ref() == Some(&token) {
        let wrong = Diagnostic::general("the second token is the first one");
        return Err(wrong.with_help("--second-token is for a token of another workspace").into());
    }
    Ok(Some(Target { second: second.map(Second), ..Target::parse(url, Tokens::One(token))? }))
}

/// A token that can stand in a header field; an empty one is none.
fn token(given: Option<&String>, from: &str) -> Result<Option<String>, Failure> {
    let token = given.filter(|token| !token.is_empty());
    if token.is_some_and(|token| token.chars().any(|c| c.is_control() || c == ' ')) {
        let wrong = Diagnostic::general("the token cannot be sent: it holds a space or a control character");
        return Err(wrong.with_help(format!("check {from} for a stray line break")).into());
    }
    Ok(token.cloned())
}

/// The token of a control API, if there is to be one.
pub fn control_token(given: Option<String>) -> Result<Option<String>, Diagnostic> {
    let printable = |token: &String| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    match given {
        Some(token) if !printable(&token) => {
            let wrong = Diagnostic::general("the control token is empty, or cannot be sent in a header field");
            Err(wrong.with_help("--control-token and CONFORMANCE_CONTROL_TOKEN take visible ASCII without spaces"))
        }
        given => Ok(given),
    }
}

/// How to speak to it.
pub fn settings(server: &Server) -> Result<Settings, Failure> {
    let wrong = |what: String| Failure::from(Diagnostic::general(what));
    if !(server.timeout > 0.0 && server.timeout <= 86_400.0) {
        return Err(wrong(format!("--timeout {} is no time to wait; expected seconds, more than 0", server.timeout)));
    }
    if server.max_rps.is_some_and(|rps| rps.is_nan() || rps <= 0.0) {
        return Err(wrong("--max-rps must be more than 0".to_owned()));
    }
    let headers = server.headers.iter().map(|field| {
        let parts = field.split_once(':').map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned()));
        let valid =
            |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        // The value may be a secret: it is not told.
        parts
            .filter(|(name, value)| valid(name) && !value.chars().any(char::is_control))
            .ok_or_else(|| wrong("a --header is not of the form `Name: value`".to_owned()))
    });
    Ok(Settings {
        timeout: Duration::from_secs_f64(server.timeout),
        max_rps: server.max_rps,
        http2: server.http2,
        // The embedded mock is never behind one.
        proxies: server.base_url.is_some(),
        headers: headers.collect::<Result<_, _>>()?,
        ..Settings::default()
    })
}

/// Why a target could not be judged at all.
pub fn unreachable(name: &str, token_given: bool, why: &conformance_runner::Unreachable) -> Failure {
    use conformance_runner::Unreachable;
    let diagnostic = match why {
        Unreachable::NoAnswer(reason) => Diagnostic::general(format!("{name} does not answer: {reason}"))
            .with_help("is the server running, and is this its base URL? `conformance mock` starts one to try"),
        Unreachable::Refused(status) if token_given => {
            Diagnostic::general(format!("{name} refuses the token with status {status}"))
                .with_help("check --token or CONFORMANCE_TOKEN")
        }
        Unreachable::Refused(status) => Diagnostic::general(format!("{name} wants a token (status {status})"))
            .with_help("give one with --token or CONFORMANCE_TOKEN"),
        Unreachable::NotServing(status, path) => {
            Diagnostic::general(format!("{name} does not seem to serve this API: GET {path} is answered {status}"))
                .with_help(
                    "is the path of the base URL right, and is nothing in between that redirects or limits requests?",
                )
        }
        Unreachable::Setup(reason) => Diagnostic::general(reason.clone()),
    };
    let exit = if matches!(why, Unreachable::Setup(_)) { Exit::Usage } else { Exit::Unreachable };
    Failure { exit, diagnostics: Diagnostics::from(diagnostic) }
}
