//! Which pages may call the mock from a browser: those that a developer serves from their own machine, and those that the
//! person who started it named.

use conformance_record::Request;

use crate::reply::Fields;

/// Header fields of a response that a page may read without being allowed to (Fetch, 2.2.2).
const ALWAYS_READABLE: [&str; 7] =
    ["cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma"];

/// The pages that may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cors {
    /// Whether all may.
    pub any: bool,
    /// Origins that may besides those of this machine: `https://app.example`, `null`.
    pub origins: Vec<String>,
}

impl Cors {
    fn admits(&self, origin: &str) -> bool {
        self.any || is_loopback(origin) || self.origins.iter().any(|one| one.eq_ignore_ascii_case(origin))
    }

    /// The header fields for a request's `Origin`, and for what its page may read of the response with these header fields:
    /// none unless the page may call.
    pub(crate) fn fields<'n>(&self, request: &Request, names: impl Iterator<Item = &'n str>) -> Fields {
        let Some(origin) = request.header("origin").filter(|origin| self.admits(origin)) else { return Vec::new() };
        let names: Vec<&str> = names.collect();
        let is_kept = names.contains(&"cache-control");
        let mut readable: Vec<&str> = names.into_iter().filter(|name| !ALWAYS_READABLE.contains(name)).collect();
        readable.dedup();
        let mut fields: Fields = vec![
            ("access-control-allow-origin".into(), origin.to_owned().into()),
            ("access-control-allow-credentials".into(), "true".into()),
            ("vary".into(), "origin".into()),
        ];
        // A page shall see what there is, and not what its browser kept.
        if !is_kept {
            fields.push(("cache-control".into(), "no-store".into()));
        }
        if !readable.is_empty() {
            // With credentials, `*` is the name of a header field.
            fields.push(("access-control-expose-headers".into(), readable.join(", ").into()));
        }
        fields
    }

    /// The header fields that answer a preflight, when the request is one of a page that may call.
    pub(crate) fn preflight(&self, request: &Request, methods: &str) -> Fields {
        if !is_preflight(request) || !request.header("origin").is_some_and(|origin| self.admits(origin)) {
            return Vec::new();
        }
        let headers = request.header("access-control-request-headers").unwrap_or("authorization, content-type");
        let mut fields: Fields = vec![
            ("access-control-allow-methods".into(), methods.to_owned().into()),
            ("access-control-allow-headers".into(), headers.to_owned().into()),
            ("access-control-max-age".into(), "600".into()),
        ];
        // A page of a public site asks before it calls into a private network.
        if request.header("access-control-request-private-network") == Some("true") {
            fields.push(("access-control-allow-private-network".into(), "true".into()));
        }
        fields
    }

    /// Why the page that sent a request cannot read the response, and what helps.
    pub(crate) fn hint(&self, request: &Request) -> Option<String> {
        let origin = request.header("origin").filter(|origin| !self.admits(origin))?;
        Some(format!("a page of {origin} cannot read this; `--cors-origin {origin}` lets it"))
    }
}

/// Whether a browser asks what a page may send.
pub(crate) fn is_preflight(request: &Request) -> bool {
    request.method == "OPTIONS" && request.header("access-control-request-method").is_some()
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
