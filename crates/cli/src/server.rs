//! From the flags about a server to a target and settings.

use std::time::Duration;

use conformance_record::NoResponse;
use conformance_runner::target::{PUBLIC_TOKEN, Second};
use conformance_runner::tls::Trust;
use conformance_runner::{Settings, Target, Tokens, Unreachable};
use conformance_source::{Diagnostic, Diagnostics};

use crate::args::Server;
use crate::exit::{Exit, Failure};

/// The target at the base URL, if one is given.
pub fn target(server: &Server) -> Result<Option<Target>, Failure> {
    target_with(server, |c| c.is_control() || c == ' ')
}

/// The same for any document: a token may be a pair, `user:password`, or stand behind a word, `Token abc`.
pub fn target_of_document(server: &Server) -> Result<Option<Target>, Failure> {
    target_with(server, char::is_control)
}

fn target_with(server: &Server, is_wrong: fn(char) -> bool) -> Result<Option<Target>, Failure> {
    let token = |given: Option<&String>, from: &str| token(given, from, is_wrong);
    let first = token(server.token.as_ref(), "--token and CONFORMANCE_TOKEN")?;
    let second = token(server.second_token.as_ref(), "--second-token and CONFORMANCE_SECOND_TOKEN")?;
    let Some(url) = server.base_url.as_deref() else { return Ok(None) };
    if url.is_empty() {
        // A variable that expanded to nothing must not turn into a green run against the mock.
        let wrong = Diagnostic::general("the base URL is empty");
        return Err(wrong
            .with_help("give a URL, or neither --base-url nor CONFORMANCE_BASE_URL to judge the embedded mock")
            .into());
    }
    let token = first.unwrap_or_else(|| PUBLIC_TOKEN.to_owned());
    if second.as_ref() == Some(&token) {
        let wrong = Diagnostic::general("the second token is the first one");
        return Err(wrong.with_help("--second-token is for a token of another workspace").into());
    }
    Ok(Some(Target { second: second.map(Second), ..Target::parse(url, Tokens::One(token))? }))
}

/// A token that can stand in a header field; an empty one is none.
fn token(given: Option<&String>, from: &str, is_wrong: fn(char) -> bool) -> Result<Option<String>, Failure> {
    let token = given.filter(|token| !token.is_empty());
    if token.is_some_and(|token| token.chars().any(is_wrong)) {
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
        trust: trust(server)?,
        // The embedded mock is never behind one.
        proxies: server.base_url.is_some(),
        headers: headers.collect::<Result<_, _>>()?,
        ..Settings::default()
    })
}

/// Whom to trust on `https`.
fn trust(server: &Server) -> Result<Trust, Failure> {
    let Some(path) = &server.cacert else {
        return Ok(if server.insecure { Trust::Anybody } else { Trust::System });
    };
    let wrong = |why: String| Failure::from(Diagnostic::general(format!("--cacert {}: {why}", path.display())));
    let pem = std::fs::read(path).map_err(|error| wrong(format!("it cannot be read: {error}")))?;
    Trust::in_pem(pem).map_err(wrong)
}

/// Why a target could not be judged at all.
pub fn unreachable(name: &str, token_given: bool, why: &Unreachable) -> Failure {
    let diagnostic = match why {
        Unreachable::NoResponse(reason) => no_response(name, reason),
        Unreachable::Refused(status, words) if token_given => {
            Diagnostic::general(format!("{name} rejects the token with status {status}: {words}"))
                .with_help("check --token or CONFORMANCE_TOKEN, and whether something before the server answers")
        }
        Unreachable::Refused(status, words) => {
            Diagnostic::general(format!("{name} wants a token (status {status}): {words}"))
                .with_help("give one with --token or CONFORMANCE_TOKEN")
        }
        Unreachable::NotServing(status, path, words) => {
            let what = format!("{name} does not seem to serve this API: GET {path} is answered {status}: {words}");
            Diagnostic::general(what)
                .with_help("is the path of the base URL right, and does nothing in between redirect?")
        }
        Unreachable::Failing(status, words) => {
            Diagnostic::general(format!("{name} answers every request with {status}: {words}"))
                .with_help("nothing can be verified before the server works; its own log says more")
        }
        Unreachable::Setup(reason) => Diagnostic::general(reason.clone()),
    };
    let exit = if matches!(why, Unreachable::Setup(_)) { Exit::Usage } else { Exit::Unreachable };
    Failure { exit, diagnostics: Diagnostics::from(diagnostic) }
}

fn no_response(name: &str, reason: &NoResponse) -> Diagnostic {
    let diagnostic = Diagnostic::general(format!("{name} gives no usable response: {reason}"));
    match reason {
        NoResponse::NotConnected(_) | NoResponse::TimedOut(_) => diagnostic
            .with_help("is the server running, and is this its base URL? `conformance mock` starts one to try"),
        NoResponse::ProxyRefused(_) => diagnostic
            .with_help("HTTP_PROXY, HTTPS_PROXY and ALL_PROXY choose the proxy, NO_PROXY names hosts without one"),
        _ => diagnostic,
    }
}
