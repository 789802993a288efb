//! The server that is judged.

use conformance_record::Secrets;
use conformance_record::secrets::is_telling;
use conformance_source::Diagnostic;
use hyper::Uri;

use crate::settings::Settings;

/// Where a mock is that is started by hand; one beside a command is gone with it.
pub const BY_HAND: &str = "http://127.0.0.1:4010";

/// What is sent when no token is given: many servers of one's own take any. It is no secret.
pub const PUBLIC_TOKEN: &str = "conformance";

/// A server, and how to be let in.
#[derive(Clone, Debug)]
pub struct Target {
    /// How reports name it.
    pub name: String,
    /// Scheme and authority: `http://127.0.0.1:4010`.
    pub origin: String,
    /// The path before the contract's paths, without a slash at its end.
    pub path: String,
    /// The tokens to send.
    pub tokens: Tokens,
    /// A token of another workspace.
    pub second: Option<Second>,
}

/// The token of another workspace.
#[derive(Clone)]
pub struct Second(pub String);

impl std::fmt::Debug for Second {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Second(<token>)")
    }
}

/// Which bearer token a scenario sends.
#[derive(Clone)]
pub enum Tokens {
    /// The same one throughout.
    One(String),
    /// A token of its own for each scenario, beginning with this word, for a server that gives each token a workspace.
    PerScenario(String),
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::One(_) => "One(<token>)",
            Self::PerScenario(_) => "PerScenario",
        })
    }
}

impl Target {
    /// A target at a base URL.
    ///
    /// # Errors
    /// When it is no `http` or `https` URL, or holds more than scheme, host, port and path.
    pub fn parse(url: &str, tokens: Tokens) -> Result<Self, Diagnostic> {
        let wrong = |why: &str| Diagnostic::general(format!("the base URL cannot be used: {why}"));
        let uri: Uri = url
            .parse()
            .map_err(|error| wrong(&format!("{error}")).with_help("expected something like http://127.0.0.1:4010"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(wrong("it has no scheme or host").with_help("expected something like http://127.0.0.1:4010"));
        };
        if authority.as_str().contains('@') {
            return Err(wrong("it holds credentials").with_help("give the token with --token or CONFORMANCE_TOKEN"));
        }
        if uri.query().is_some() {
            return Err(wrong("it has a query").with_help("give scheme, host, port and, if need be, a path"));
        }
        if !matches!(scheme, "http" | "https") {
            return Err(wrong(&format!("`{scheme}` is neither http nor https")));
        }
        let path = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { name: url.to_owned(), origin: format!("{scheme}://{authority}"), path, tokens, second: None })
    }

    /// The same server, below a path of it.
    #[must_use]
    pub fn below(&self, path: &str) -> Self {
        let below = |one: &str| format!("{}{path}", one.trim_end_matches('/'));
        Self { name: below(&self.name), path: below(&self.path), ..self.clone() }
    }

    /// The header fields of every request, whoever sends it: a judged call, a look, the clean-up.
    pub(crate) fn headers(token: Option<&str>) -> Vec<(String, String)> {
        const AGENT: &str = concat!("conformance/", env!("CARGO_PKG_VERSION"));
        let own = [("accept", "application/json"), ("accept-encoding", "gzip, deflate"), ("user-agent", AGENT)];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter();
        own.chain(token.map(|token| ("authorization".to_owned(), format!("Bearer {token}")))).collect()
    }

    /// Whether the server is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.origin.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_default();
        let bare = host.trim_matches(['[', ']']);
        bare.eq_ignore_ascii_case("localhost") || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// Where the server is, or one like it, when the run is over.
    #[must_use]
    pub fn lasting_origin(&self) -> &str {
        if let Tokens::One(_) = self.tokens { &self.origin } else { BY_HAND }
    }

    /// The name of the folder that its snapshots are kept in: two servers on one host are two targets.
    #[must_use]
    pub fn folder(&self) -> String {
        let authority = self.origin.split("://").nth(1).unwrap_or("");
        let name = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' };
        authority.chars().map(name).collect::<String>().trim_matches('-').to_owned()
    }

    /// The base URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{}", self.origin, self.path)
    }

    /// What must not be told: the token, and header fields that look like one.
    #[must_use]
    pub fn secrets(&self, settings: &Settings) -> Secrets {
        let headers = settings.headers.iter().filter(|(name, _)| is_telling(name)).map(|(_, value)| value.as_str());
        let token = match &self.tokens {
            Tokens::One(token) if token != PUBLIC_TOKEN => Some(token.as_str()),
            Tokens::One(_) | Tokens::PerScenario(_) => None,
        };
        let second = self.second.as_ref().map(|Second(token)| token.as_str());
        // Of a pair, and of what stands behind a word, each part may be told alone.
        const SHORTEST: usize = 8;
        let parts = |token: &'_ str| -> Vec<String> {
            token.split([':', ' ']).filter(|part| part.len() >= SHORTEST).map(str::to_owned).collect()
        };
        let all: Vec<String> =
            headers.chain(token).chain(second).flat_map(|one| [vec![one.to_owned()], parts(one)].concat()).collect();
        Secrets::new(all.iter().map(String::as_str))
    }

    /// The token of the scenario with this number.
    #[must_use]
    pub fn token(&self, scenario: usize) -> String {
        match &self.tokens {
            Tokens::One(token) => token.clone(),
            Tokens::PerScenario(name) => format!("{name}-{scenario}"),
        }
    }

    /// The token of another workspace that a scenario may use; none when nobody gave one.
    #[must_use]
    pub fn second(&self, scenario: usize) -> Option<String> {
        match (&self.second, &self.tokens) {
            (Some(Second(token)), _) => Some(token.clone()),
            (None, Tokens::PerScenario(name)) => Some(format!("{name}-{scenario}-second")),
            (None, Tokens::One(_)) => None,
        }
    }
}
