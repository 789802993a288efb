//! A server to which requests of others are passed on, as they are: nothing is judged, waited for or sent again at its wish.

use conformance_record::{Answer, Request, Response, Upstream};

use crate::client::Client;
use crate::settings::Settings;
use crate::target::{Target, Tokens};

/// Header fields that are about one connection and go no further (RFC 9110, 7.6.1), and those that the next one sets itself.
const OF_A_CONNECTION: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
];

/// A server behind a mock.
#[derive(Debug)]
pub struct RealServer {
    client: Client,
    /// What its URL has before the paths.
    path: String,
    /// Its URL, for people.
    pub url: String,
}

impl RealServer {
    /// The server at a URL.
    ///
    /// # Errors
    /// When it is no URL of a server, or TLS cannot be set up.
    pub fn new(url: &str, settings: &Settings) -> Result<Self, String> {
        let target = Target::parse(url, Tokens::One(String::new())).map_err(|wrong| wrong.title)?;
        let client = Client::new(&target, settings)?;
        Ok(Self { client, path: target.path.clone(), url: target.url() })
    }

    fn passed_on(&self, mut request: Request) -> Request {
        // Compressed bodies are read here, and passed on as they are meant.
        let own = ["host", "accept-encoding"];
        request.headers.retain(|(name, _)| !OF_A_CONNECTION.contains(&name.as_str()) && !own.contains(&name.as_str()));
        request.target = format!("{}{}", self.path, request.target);
        request
    }
}

impl Upstream for RealServer {
    fn send(&self, request: Request) -> Answer<'_> {
        Box::pin(async move {
            let response = self.client.exchange_as_is(&self.passed_on(request)).await?;
            let goes_on = |name: &str| !OF_A_CONNECTION.contains(&name) && name != "content-encoding";
            let headers = response.headers.into_iter().filter(|(name, _)| goes_on(name)).collect();
            Ok(Response { headers, ..response })
        })
    }
}
