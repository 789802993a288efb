//! Load by `wrk`, which costs little beside the servers that it measures.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::Failed;
use crate::server::{Server, TOKEN};

/// The requests that a server is put to.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) body: &'static str,
    pub(crate) connections: u32,
}

/// What a server did under a load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Its own time for each request, in microseconds.
    pub(crate) cpu: f64,
}

impl Load {
    /// Puts a server to it for some seconds. `folder` is for what `wrk` reads.
    pub(crate) fn on(&self, server: &Server, seconds: u32, folder: &Path) -> Result<Measured, Failed> {
        let script = folder.join("request.lua");
        let quoted = |text: &str| format!("{text:?}");
        fs::write(
            &script,
            format!(
                "wrk.method = {}\nwrk.body = {}\nwrk.headers[\"Content-Type\"] = \"application/json\"\n",
                quoted(self.method),
                if self.body.is_empty() { "nil".to_owned() } else { quoted(self.body) }
            ),
        )?;
        let mut wrk = Command::new("wrk");
        wrk.args(["-t1", &format!("-c{}", self.connections), &format!("-d{seconds}s"), "-s"]).arg(&script);
        wrk.args(["-H", &format!("Authorization: Bearer {TOKEN}")]).arg(format!("{}{}", server.url, self.target));
        let before = server.cpu()?;
        let output =
            wrk.output().map_err(|error| format!("wrk does not start: {error}; install it (`apt install wrk`)"))?;
        let cpu = server.cpu()?.saturating_sub(before);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        if told.contains("Non-2xx") || told.contains("Socket errors") {
            return Err(format!("{} {}: not every request succeeded:\n{told}", self.method, self.target).into());
        }
        let number = |after: &str, before: &str| -> Option<f64> {
            let line = told.lines().find(|line| line.contains(after) && line.contains(before))?;
            line.replace(after, " ").split_whitespace().next()?.parse().ok()
        };
        let (rate, requests) = (number("Requests/sec:", ""), number(" requests in ", ""));
        let (Some(rate), Some(requests)) = (rate, requests) else {
            return Err(format!("wrk says something else than expected:\n{told}").into());
        };
        Ok(Measured { rate, cpu: Duration::as_secs_f64(&cpu) * 1e6 / requests })
    }
}
