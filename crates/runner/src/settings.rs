//! How a run goes about it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use conformance_record::Boundary;

use crate::tls::Trust;

/// How a run goes about it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Scenarios at a time.
    pub jobs: usize,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Header fields for every request, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Requests per second, at most.
    pub max_rps: Option<f64>,
    /// Send nothing that could change anything.
    pub read_only: bool,
    /// Speak HTTP/2 without asking.
    pub http2: bool,
    /// What stands between the run and the server, if anything.
    pub boundary: Option<Arc<dyn Boundary>>,
    /// Whom to trust on `https`.
    pub trust: Trust,
    /// Go through the proxies that the environment names.
    pub proxies: bool,
    /// Leave what a failed scenario created.
    pub keep_on_failure: bool,
    /// Where journals are kept; none keeps none.
    pub journals: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            jobs: 4,
            timeout: Duration::from_secs(30),
            headers: Vec::new(),
            max_rps: None,
            read_only: false,
            http2: false,
            boundary: None,
            trust: Trust::default(),
            proxies: false,
            keep_on_failure: false,
            journals: None,
        }
    }
}
