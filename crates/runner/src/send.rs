//! Sends what a scenario asks for, when it is harmless, and keeps book of what that creates and deletes.

use std::time::Duration;

use conformance_contract::{Action, Operation};
use conformance_record::{Exchange, Request, Response};
use conformance_scenario::Call;
use tokio::time::Instant;

use crate::lane::Lane;
use crate::ledger::Fate;
use crate::obstacle::Obstacle;
use crate::replay::Replay;
use crate::url::add_query;
use crate::value::Scope;

impl Replay<'_> {
    /// Makes a call. `extra` is a query parameter that the walk sets.
    pub(crate) async fn send_call(
        &mut self,
        call: &Call,
        operation: &Operation,
        scope: Scope<'_>,
        extra: Option<(&str, &str)>,
    ) -> Result<Exchange, Obstacle> {
        if call.raw.is_some() && matches!(self.lane, Lane::Sdk(_)) {
            let why = "it is about the protocol itself, which an SDK does not show";
            return Err(Obstacle::NotApplicable(why.to_owned()));
        }
        if !call.faults.is_empty() && !matches!(self.lane, Lane::Sdk(_)) {
            let why = "it is about what an SDK makes of a server's faults";
            return Err(Obstacle::NotApplicable(why.to_owned()));
        }
        let mut request = self.request(call, operation, scope)?;
        if let Some((name, value)) = extra {
            add_query(&mut request.target, name, value);
        }
        self.harmless(operation, &request)?;
        self.exchange(request, &call.faults).await
    }

    /// Sends a request while faults happen, and keeps book of what it creates and deletes, whatever the scenario expects
    /// of it.
    pub(crate) async fn exchange(&mut self, request: Request, faults: &[String]) -> Result<Exchange, Obstacle> {
        if *self.stop.borrow() && !self.closing {
            return Err("the run was interrupted".into());
        }
        self.may_receive()?;
        if self.read_only && !matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS") {
            let why = Obstacle::NotApplicable(format!("{} is not sent with --read-only", request.method));
            self.world.withheld = Some(why.clone());
            return Err(why);
        }
        let contract = &self.suite.contract;
        let path = request.path().strip_prefix(&self.target.path).unwrap_or("").to_owned();
        let route = contract.route(&request.method, &path).ok();
        let meant = route.as_ref().map(|(operation, _)| (operation.action, operation.resource));
        let create = match meant {
            Some((Action::Create, resource)) => {
                self.may_create()?;
                let name = &contract.resources[resource].name;
                let number = self.ledger.intend((self.number, resource), name, self.second, &request.body);
                // What is not written down could not be swept up after.
                Some((resource, number.map_err(|why| Obstacle::ToolFault(format!("nothing is created: {why}")))?))
            }
            _ => None,
        };
        if matches!(meant, Some((Action::Create | Action::Update, _))) {
            self.space_out().await;
        }
        let sent = self.lane.send(&self.selected.scenario.name, self.world.requests, request, faults).await;
        let writes = matches!(meant, Some((Action::Create | Action::Update | Action::Delete, _)));
        if let (Lane::Sdk(_), Err(Obstacle::CouldNotRun(_)), true) = (self.lane, &sent, writes) {
            // A write of which nobody knows whether it was made: what comes after would judge another workspace.
            self.world.withheld = sent.as_ref().err().cloned();
        }
        let exchange = sent?;
        self.world.requests += 1;
        self.exchanges.push(exchange.clone());
        self.world.last_write = Some(Instant::now());
        if let Some((resource, number)) = create {
            self.after_create(resource, number, &exchange).await?;
        }
        self.note_true_creates();
        if let Some((operation, values)) = &route {
            let id = values.first().map(|(_, raw)| decoded(raw));
            if faults.is_empty() {
                self.oracle.see((&self.world, &self.target.path), operation, id.as_deref(), &exchange);
            } else {
                self.oracle.look_away(&self.world, operation, id.as_deref());
            }
        }
        if let (Some((Action::Delete, _)), Some((_, values)), Ok(response)) = (meant, route, &exchange.response)
            && matches!(response.status, 200..=299)
            // Who says so to somebody who may not delete it may not have done it.
            && exchange.request.header("authorization") == Some(&format!("Bearer {}", self.target.token(self.number)))
            && let Some((_, raw)) = values.first()
        {
            self.deleted(raw);
        }
        Ok(exchange)
    }

    /// Notes what became of a create.
    async fn after_create(&mut self, resource: usize, number: usize, exchange: &Exchange) -> Result<(), Obstacle> {
        let fate = self.created(resource, number, exchange);
        if let Lane::Http(..) = self.lane {
            if let Some(wait) = (fate == Fate::Unknown).then(|| self.ledger.take_wait()).flatten() {
                // Whoever is away may be back in a moment; what comes now would fail as well.
                tokio::time::sleep(wait).await;
            }
            if self.is_quota(exchange) {
                return Err(self.quota(exchange));
            }
        }
        Ok(())
    }

    /// Whether a scenario goes on, which holds all that came back: not when that is more than memory is for.
    fn may_receive(&self) -> Result<(), Obstacle> {
        const MOST: usize = 64 * 1024 * 1024;
        let bytes = |exchange: &Exchange| exchange.response.as_ref().map_or(0, |response| response.body.len());
        if self.closing || self.exchanges.iter().map(bytes).sum::<usize>() <= MOST {
            return Ok(());
        }
        Err(Obstacle::CouldNotRun(format!("the responses of this scenario are larger than {} MiB in all", MOST >> 20)))
    }

    /// Whether creating goes on: not when what is created cannot be deleted, or nothing can be created.
    fn may_create(&mut self) -> Result<(), Obstacle> {
        match self.ledger.reason_to_stop() {
            Some(reason) => {
                let why = Obstacle::CouldNotRun(reason);
                self.world.withheld = Some(why.clone());
                Err(why)
            }
            None => Ok(()),
        }
    }

    /// Whether a server rejects a create for another reason than the contract: a well-formed one, after others like it were
    /// accepted. Most likely it holds as many objects as it may.
    fn is_quota(&self, exchange: &Exchange) -> bool {
        let Ok(response) = &exchange.response else { return false };
        let well_formed = || {
            let path = exchange.request.target.strip_prefix(&self.target.path).unwrap_or("").to_owned();
            let request = Request { target: path, ..exchange.request.clone() };
            self.suite.contract.read(&request).is_ok_and(|reading| reading.refusals(true).next().is_none())
        };
        matches!(response.status, 402 | 403 | 507) && self.ledger.count().0 > 0 && well_formed()
    }

    /// Lets the clock of a server that counts milliseconds move on between two writes, so that their order is its order.
    async fn space_out(&self) {
        const APART: Duration = Duration::from_millis(2);
        if let (Lane::Http(..) | Lane::Sdk(_), Some(last)) = (self.lane, self.world.last_write) {
            tokio::time::sleep_until(last + APART).await;
        }
    }

    /// Ends the scenario: what it would show needs more objects than the server allows.
    fn quota(&mut self, exchange: &Exchange) -> Obstacle {
        let words = exchange.response.as_ref().map_or_else(ToString::to_string, Response::words);
        let status = exchange.response.as_ref().map_or(0, |response| response.status);
        let (made, gone, _) = self.ledger.count();
        let why = Obstacle::CouldNotRun(format!(
            "the server rejects a create like others that it accepted ({status}: {words}); is it a quota? It holds {} objects of \
             this run; the scenarios that were selected need up to {} at a time, fewer with --jobs 1 or some of them by --only",
            made - gone,
            self.objects_at_a_time,
        ));
        self.world.withheld = Some(why.clone());
        why
    }

    fn created(&mut self, resource: usize, number: usize, exchange: &Exchange) -> Fate {
        let fate = match &exchange.response {
            Ok(response) if (200..300).contains(&response.status) => {
                match self.world.created_id(resource, &self.target.path, response) {
                    Some(id) => Fate::Made(id),
                    None => Fate::Nameless,
                }
            }
            Ok(response) if response.status < 500 => Fate::Refused,
            // A server that failed may have done it all the same.
            _ => Fate::Unknown,
        };
        if let Fate::Made(id) = &fate {
            self.world.variables.own.push(id.clone());
        }
        self.ledger.settle(number, fate.clone());
        fate
    }

    /// Notes what a server created behind a boundary that hides it, so that it is deleted, too.
    fn note_true_creates(&self) {
        let contract = &self.suite.contract;
        for (request, response) in self.lane.true_creates() {
            let path = request.path().strip_prefix(&self.target.path).unwrap_or("");
            let Ok((operation, _)) = contract.route(&request.method, path) else { continue };
            let id = self.world.created_id(operation.resource, &self.target.path, &response);
            let Some(id) = id.filter(|id| !self.ledger.ids().contains(id)) else { continue };
            let second = self.target.second(self.number).map(|token| format!("Bearer {token}"));
            let second = second.is_some() && request.header("authorization") == second.as_deref();
            let name = &contract.resources[operation.resource].name;
            let noted = self.ledger.intend((self.number, operation.resource), name, second, &request.body);
            // What cannot be written down can still be deleted when the run ends.
            if let Ok(number) = noted {
                self.ledger.settle(number, Fate::Made(id));
            }
        }
    }

    fn deleted(&self, raw: &str) {
        let id = decoded(raw);
        for (number, create) in self.ledger.of(self.number) {
            if create.fate == Fate::Made(id.clone()) {
                self.ledger.settle(number, Fate::Gone(id.clone()));
            }
        }
    }

    /// Refuses to send what could touch an object that is not ours.
    fn harmless(&self, operation: &Operation, request: &Request) -> Result<(), Obstacle> {
        if matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "POST") {
            return Ok(());
        }
        let path = request.path().strip_prefix(&self.target.path).unwrap_or("");
        let id = operation.path.fit(path).and_then(|values| values.first().map(|(_, raw)| (*raw).to_owned()));
        let id = id.map(|raw| decoded(&raw));
        match id {
            Some(id) if self.world.variables.may_touch(&id) => Ok(()),
            _ => {
                let what = format!("{} {}", request.method, request.path());
                Err(format!("not sent: {what} could touch what this run did not create").into())
            }
        }
    }
}

/// A path segment as it was before it was escaped.
fn decoded(raw: &str) -> String {
    percent_encoding::percent_decode_str(raw).decode_utf8_lossy().into_owned()
}
