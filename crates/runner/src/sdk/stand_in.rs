//! The mock that SDKs speak to, as its control API knows it: what shall go wrong in a call, and what arrived.
//!
//! Each call has a base URL of its own, `/~/RUN/CALL` before the contract's paths: every SDK can set a base URL.

use std::collections::BTreeSet;
use std::time::Duration;

use conformance_record::written::{WrittenRequest, WrittenResponse, answer};
use conformance_record::{Exchange, Request, Response};
use serde::Deserialize;
use serde_json::json;

use crate::client::Client;
use crate::settings::Settings;
use crate::target::Target;
use crate::word::word;

/// The mock.
#[derive(Debug)]
pub(crate) struct StandIn {
    client: Client,
    origin: String,
    /// A word that no other run on the same mock has.
    run: String,
}

/// What arrived for a call.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// When, by the mock's own clock.
    pub(crate) at: Duration,
    pub(crate) exchange: Exchange,
    /// Whether it bore the token that was given.
    pub(crate) own: bool,
    /// The call that it belongs to.
    pub(crate) call: String,
}

#[derive(Deserialize)]
struct Script {
    happened: Vec<u64>,
}

#[derive(Deserialize)]
struct Journal {
    exchanges: Vec<Entry>,
    /// Where there is more: from which on to ask.
    #[serde(default)]
    next: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    call: String,
    at_ms: f64,
    took_ms: f64,
    #[serde(default)]
    own: bool,
    request: WrittenRequest,
    #[serde(default)]
    response: Option<WrittenResponse>,
    #[serde(default)]
    error: Option<String>,
}

impl StandIn {
    pub(crate) fn new(target: &Target) -> Result<Self, String> {
        let client = Client::new(target, &Settings::default())?;
        Ok(Self { client, origin: target.origin.clone(), run: word(7) })
    }

    /// The base URL of a call.
    pub(crate) fn base_url(&self, call: usize) -> String {
        format!("{}/~/{}", self.origin, self.name(call))
    }

    /// The name of a call, as the journal tells it.
    pub(crate) fn name(&self, call: usize) -> String {
        format!("{}/{call}", self.run)
    }

    /// Lets faults happen to a call.
    pub(crate) async fn script(&self, call: usize, faults: &[String]) -> Result<(), String> {
        let body = json!({ "faults": faults }).to_string().into_bytes();
        self.ask("PUT", "faults", &format!("/{call}"), (body, "")).await.map(drop)
    }

    /// Whether any of the faults that were set for a call happened to it.
    pub(crate) async fn met(&self, call: usize) -> Result<bool, String> {
        let response = self.ask("GET", "faults", &format!("/{call}"), (Vec::new(), "")).await?;
        let script: Script = serde_json::from_slice(&response.body).map_err(|error| error.to_string())?;
        Ok(script.happened.iter().any(|times| *times > 0))
    }

    /// What arrived for a call, in order, and what arrived for calls before it that had returned already. It is asked for
    /// once, and forgotten then.
    pub(crate) async fn arrived(&self, call: usize, token: &str) -> Result<(Vec<Arrival>, Vec<Arrival>), String> {
        let name = self.name(call);
        Ok(self.take(token).await?.into_iter().partition(|arrival| arrival.call == name))
    }

    /// What arrived for calls after they had been asked about.
    pub(crate) async fn arrived_late(&self) -> Result<Vec<Arrival>, String> {
        self.take("").await
    }

    async fn take(&self, token: &str) -> Result<Vec<Arrival>, String> {
        let (mut exchanges, mut from) = (Vec::new(), Some(0));
        while let Some(first) = from {
            let response = self.ask("GET", "journal", &format!("?from={first}"), (Vec::new(), token)).await?;
            let body = conformance_json::parse(&response.body).map_err(|error| error.to_string())?;
            let journal: Journal = serde_json::from_value(body).map_err(|error| error.to_string())?;
            exchanges.extend(journal.exchanges);
            from = journal.next.filter(|next| *next > first);
        }
        let calls: BTreeSet<&str> = exchanges.iter().map(|entry: &Entry| entry.call.as_str()).collect();
        for call in calls {
            let below = call.strip_prefix(&self.run).unwrap_or("");
            self.ask("DELETE", "journal", below, (Vec::new(), "")).await?;
        }
        Ok(exchanges.into_iter().map(arrival).collect())
    }

    async fn ask(
        &self,
        method: &str,
        what: &str,
        below: &str,
        (body, token): (Vec<u8>, &str),
    ) -> Result<Response, String> {
        let target = format!("/__conformance/{what}/{}{below}", self.run);
        let own = (!token.is_empty()).then(|| ("authorization".to_owned(), format!("Bearer {token}")));
        let headers = own.into_iter().collect();
        let request = Request { method: method.to_owned(), target, headers, body };
        let response = self.client.send(request).await.response.map_err(|reason| reason.to_string())?;
        match response.status {
            200..=299 => Ok(response),
            status => {
                let body = String::from_utf8_lossy(&response.body);
                Err(format!("the mock answered {status} to {method} {what}: {body}"))
            }
        }
    }
}

fn arrival(entry: Entry) -> Arrival {
    let time = |ms: f64| Duration::from_secs_f64((ms / 1000.0).clamp(0.0, 1e6));
    let exchange = Exchange {
        number: 0,
        request: entry.request.into(),
        response: answer(entry.response, entry.error),
        took: time(entry.took_ms),
    };
    Arrival { at: time(entry.at_ms), exchange, own: entry.own, call: entry.call }
}
