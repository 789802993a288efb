//! Lets pages that a developer serves from their own machine call the mock, and no others.

use std::borrow::Cow;

use conformance_record::Request;

/// The header fields for a request's `Origin`: none unless it is a loopback origin.
pub(crate) fn fields(request: &Request) -> Vec<(Cow<'static, str>, String)> {
    let Some(origin) = request.header("origin").filter(|origin| is_loopback(origin)) else { return Vec::new() };
    vec![
        ("access-control-allow-origin".into(), origin.to_owned()),
        ("vary".into(), "origin".to_owned()),
        ("access-control-expose-headers".into(), "*".to_owned()),
    ]
}

/// The header fields that answer a preflight, when the request is one.
pub(crate) fn preflight(request: &Request, methods: &str) -> Vec<(Cow<'static, str>, String)> {
    if request.header("access-control-request-method").is_none() || fields(request).is_empty() {
        return Vec::new();
    }
    let headers = request.header("access-control-request-headers").unwrap_or("authorization, content-type");
    vec![
        ("access-control-allow-methods".into(), methods.to_owned()),
        ("access-control-allow-headers".into(), headers.to_owned()),
        ("access-control-max-age".into(), "600".to_owned()),
    ]
}

/// Whether an origin is on this machine: `http://localhost:5173`, `http://127.0.0.1`, `http://[::1]:3000`.
#[must_use]
pub fn is_loopback(origin: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    matches!(scheme, "http" | "https") && is_loopback_host(authority)
}

/// Whether a host, with or without a port, is this machine by name or address.
pub(crate) fn is_loopback_host(authority: &str) -> bool {
    if authority.contains(['/', '@']) {
        return false;
    }
    let host = match authority.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, after)) if after.is_empty() || after.starts_with(':') => host,
            _ => return false,
        },
        None => authority.split(':').next().unwrap_or(""),
    };
    let name = host.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
