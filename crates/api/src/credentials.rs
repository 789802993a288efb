//! Who sends a request: what its documented security schemes find in it.

use std::collections::BTreeMap;

use conformance_openapi::{Location, Operation as Declared, Scheme};

/// Names and values: header fields, or query parameters.
type Pairs = Vec<(String, String)>;

/// Where a request may carry credentials.
#[derive(Clone, Copy, Debug)]
pub struct Carriers<'r> {
    /// Header fields, names in lower case.
    pub headers: &'r [(String, String)],
    /// Query parameters, decoded.
    pub query: &'r [(String, String)],
}

impl Carriers<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn value(&self, location: Location, name: &str) -> Option<String> {
        match location {
            Location::Header => self.header(name).map(str::to_owned),
            Location::Query => self.query.iter().find(|(one, _)| one == name).map(|(_, value)| value.clone()),
            Location::Cookie => self.header("cookie").and_then(|cookies| cookie(cookies, name)),
            Location::Path => None,
        }
    }
}

/// The value of a cookie in a `Cookie` field.
#[must_use]
pub fn cookie(field: &str, name: &str) -> Option<String> {
    let pairs = field.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.into_iter().find(|(one, _)| *one == name).map(|(_, value)| value.to_owned())
}

/// What a scheme finds in a request.
#[must_use]
pub fn found(scheme: &Scheme, carriers: Carriers<'_>) -> Option<String> {
    let authorization = |wanted: &str| {
        let (scheme, rest) = carriers.header("authorization")?.trim().split_once(' ')?;
        (scheme.eq_ignore_ascii_case(wanted) && !rest.trim().is_empty()).then(|| rest.trim().to_owned())
    };
    match scheme {
        Scheme::Basic => authorization("basic"),
        Scheme::Bearer => authorization("bearer").or_else(|| authorization("token")),
        Scheme::Http(name) => authorization(name),
        Scheme::ApiKey { name, location } => carriers.value(*location, name).filter(|value| !value.trim().is_empty()),
        // Seen below HTTP, if at all.
        Scheme::MutualTls | Scheme::Unknown(_) => Some(String::new()),
    }
}

/// The alternative that a client takes which has one token: the first one that is known, and rather none that is a cookie of
/// browsers.
#[must_use]
fn chosen<'d>(schemes: &BTreeMap<String, Scheme>, declared: &'d Declared) -> Option<&'d Vec<String>> {
    let is_known = |one: &&Vec<String>| !one.is_empty() && one.iter().all(|name| schemes.contains_key(name));
    let is_cookie = |name: &String| matches!(schemes[name], Scheme::ApiKey { location: Location::Cookie, .. });
    let known = || declared.security.iter().filter(is_known);
    known().find(|one| !one.iter().any(is_cookie)).or_else(|| known().next())
}

/// Puts a token where an operation wants it: header fields, names in lower case, and query parameters.
pub fn identify(
    schemes: &BTreeMap<String, Scheme>,
    declared: &Declared,
    token: &str,
    (headers, query): (&mut Pairs, &mut Pairs),
) {
    for name in chosen(schemes, declared).into_iter().flatten() {
        let mut set = |name: &str, value: String| {
            headers.retain(|(one, _)| one != name);
            headers.push((name.to_owned(), value));
        };
        match &schemes[name] {
            Scheme::Bearer => set("authorization", with_scheme("Bearer", token)),
            Scheme::Basic => set("authorization", format!("Basic {}", basic(token))),
            Scheme::Http(scheme) => set("authorization", with_scheme(scheme, token)),
            Scheme::ApiKey { name, location: Location::Header } => set(&name.to_ascii_lowercase(), token.to_owned()),
            Scheme::ApiKey { name, location: Location::Cookie } => set("cookie", format!("{name}={token}")),
            Scheme::ApiKey { name, .. } => query.push((name.clone(), token.to_owned())),
            Scheme::MutualTls | Scheme::Unknown(_) => {}
        }
    }
}

/// A token behind the word that wants to stand before it; who gives both gives the whole value.
fn with_scheme(scheme: &str, token: &str) -> String {
    let has_it = token.split_once(' ').is_some_and(|(word, _)| word.eq_ignore_ascii_case(scheme));
    if has_it { token.to_owned() } else { format!("{scheme} {token}") }
}

/// `user:password`, or a user alone, as basic authentication wants it.
#[must_use]
pub fn basic(token: &str) -> String {
    let pair = if token.contains(':') { token.to_owned() } else { format!("{token}:") };
    data_encoding::BASE64.encode(pair.as_bytes())
}

/// Whether a request carries what its operation wants.
///
/// # Errors
/// The alternatives, in words, when the operation wants credentials and no alternative is complete.
pub fn admit(schemes: &BTreeMap<String, Scheme>, declared: &Declared, carriers: Carriers<'_>) -> Result<(), String> {
    let is_complete = |alternative: &Vec<String>| {
        alternative.iter().all(|name| schemes.get(name).is_none_or(|one| found(one, carriers).is_some()))
    };
    if declared.security.is_empty() || declared.security.iter().any(is_complete) {
        return Ok(());
    }
    Err(declared.security.iter().map(|one| wanted(schemes, one)).collect::<Vec<_>>().join(", or "))
}

/// What a response says of the credentials that an operation wants, each scheme once: the values of `WWW-Authenticate`.
#[must_use]
pub fn challenges(schemes: &BTreeMap<String, Scheme>, declared: &Declared) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in declared.security.iter().flatten() {
        let challenge = match schemes.get(name) {
            Some(Scheme::Basic) => "Basic realm=\"mock\"".to_owned(),
            Some(Scheme::Bearer) => "Bearer".to_owned(),
            Some(Scheme::Http(scheme)) => scheme.clone(),
            // No scheme of HTTP's own; a 401 has to name one all the same.
            Some(Scheme::ApiKey { .. }) => "ApiKey".to_owned(),
            Some(Scheme::MutualTls | Scheme::Unknown(_)) | None => continue,
        };
        if !all.contains(&challenge) {
            all.push(challenge);
        }
    }
    all
}

/// Whose request it is, whichever operation is asked: what stands in `Authorization`, else what another documented scheme
/// finds. Nobody's is empty. One client may satisfy several schemes, and is still the same client.
#[must_use]
pub fn whose(schemes: &BTreeMap<String, Scheme>, carriers: Carriers<'_>) -> String {
    let authorization = || {
        let value = carriers.header("authorization")?.trim();
        Some(value.split_once(' ').map_or(value, |(_, rest)| rest).trim().to_owned())
    };
    let known = || schemes.values().find_map(|one| found(one, carriers).filter(|value| !value.is_empty()));
    authorization().or_else(known).unwrap_or_default()
}

/// An alternative in words: what a client has to send.
fn wanted(schemes: &BTreeMap<String, Scheme>, alternative: &[String]) -> String {
    let one = |name: &String| match schemes.get(name) {
        Some(Scheme::Basic) => "`Authorization: Basic …`".to_owned(),
        Some(Scheme::Bearer) => "`Authorization: Bearer …`".to_owned(),
        Some(Scheme::Http(scheme)) => format!("`Authorization: {scheme} …`"),
        Some(Scheme::ApiKey { name, location: Location::Header }) => format!("the header `{name}`"),
        Some(Scheme::ApiKey { name, location: Location::Cookie }) => format!("the cookie `{name}`"),
        Some(Scheme::ApiKey { name, .. }) => format!("the query parameter `{name}`"),
        Some(Scheme::MutualTls | Scheme::Unknown(_)) | None => format!("`{name}`"),
    };
    alternative.iter().map(one).collect::<Vec<_>>().join(" and ")
}
