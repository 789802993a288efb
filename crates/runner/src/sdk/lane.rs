//! Calls through a driver, one at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use conformance_contract::Contract;
use conformance_contract::request::Reading;
use conformance_record::{
    CheckOutcome, Cited, Code as RequestCode, Exchange, Level, Mismatch, Position, Request, Verdict,
};
use conformance_source::SourceFile;
use serde_json::Value;
use tokio::sync::{Mutex as AsyncMutex, watch};

use crate::obstacle::Obstacle;
use crate::sdk::driver::{Broken, Driver, Ready};
use crate::sdk::finding::{Call, Code, Finding};
use crate::sdk::protocol::{Answered, Outcome, Said};
use crate::sdk::wire::Wire;

/// A driver that fails as a driver is started anew so often.
const RESTARTS: usize = 5;
/// So much of an error's text is told.
const MESSAGE: usize = 500;
/// How many findings of one kind a scenario tells.
const TOLD: usize = 5;

/// The SDK lane.
#[derive(Debug)]
pub struct SdkLane {
    contract: Arc<Contract>,
    command: Vec<String>,
    origin: String,
    wire: Wire,
    deadline: Duration,
    /// Kinds of findings that are excused.
    allowed: Vec<Code>,
    /// Whether things go wrong on the way on purpose: then only the SDK is judged.
    pub(crate) weather: bool,
    /// Turns true when the run shall end early.
    stop: Option<watch::Receiver<bool>>,
    seat: AsyncMutex<Seat>,
    findings: Mutex<BTreeMap<String, Vec<Finding>>>,
}

/// Where the driver sits.
#[derive(Debug, Default)]
struct Seat {
    driver: Option<Driver>,
    restarts: usize,
    calls: usize,
}

/// What a driver said of a call.
struct Told {
    outcome: Outcome,
    value: Value,
    status: Option<u16>,
    message: String,
    retries: bool,
}

impl SdkLane {
    /// Starts the driver and greets it.
    ///
    /// # Errors
    /// When it cannot be started or does not greet.
    pub async fn start(
        contract: Arc<Contract>,
        command: Vec<String>,
        origin: String,
        wire: Wire,
        deadline: Duration,
    ) -> Result<(Self, Ready), Broken> {
        let (seat, findings) = (AsyncMutex::default(), Mutex::default());
        let (allowed, weather) = (Vec::new(), false);
        let lane = Self { contract, command, origin, wire, deadline, allowed, weather, stop: None, seat, findings };
        let driver = Driver::start(&lane.command, &lane.operations()).await?;
        let ready = driver.ready.clone();
        lane.seat.lock().await.driver = Some(driver);
        Ok((lane, ready))
    }

    /// The same lane, on which these kinds of findings are excused.
    #[must_use]
    pub fn allowing(mut self, allowed: Vec<Code>) -> Self {
        self.allowed = allowed;
        self
    }

    /// The same lane, on which things go wrong on purpose: answers are not those of a good server, and only the SDK is
    /// judged.
    #[must_use]
    pub fn in_bad_weather(mut self, weather: bool) -> Self {
        self.weather = weather;
        self
    }

    /// The same lane, which waits for no driver once `stop` turns true.
    #[must_use]
    pub fn until(mut self, stop: watch::Receiver<bool>) -> Self {
        self.stop = Some(stop);
        self
    }

    fn operations(&self) -> Vec<String> {
        self.contract.operations.iter().map(|one| one.id.clone()).collect()
    }

    /// Ends the driver.
    pub async fn end(&self) {
        if let Some(driver) = self.seat.lock().await.driver.take() {
            driver.end().await;
        }
    }

    /// Makes the call that a request stands for, and answers what went over the wire.
    pub(crate) async fn send(&self, scenario: &str, number: usize, request: Request) -> Result<Exchange, Obstacle> {
        let reading = self
            .contract
            .read(&request)
            .map_err(|_| no_call("it is no operation of the contract, and no SDK can be asked for it"))?;
        takeable(&reading)?;
        let mut seat = self.seat.lock().await;
        let able = |driver: &Driver| driver.ready.operations.contains(&reading.operation.id);
        if seat.driver.as_ref().is_some_and(|driver| !able(driver)) {
            return Err(no_call(&format!("the driver has no {}", reading.operation.id)));
        }
        let number_of_call = seat.calls;
        seat.calls += 1;
        let key = format!("c/{number_of_call}");
        let said = match self.ask(&mut seat, &reading, &key).await {
            Ok(said) => said,
            Err(broken) => {
                seat.driver = None;
                let mismatch = Mismatch::of(broken.to_string());
                let finding = Finding { code: Code::Driver, level: Level::Must, mismatch, exchange: None };
                self.note(scenario, vec![finding]);
                return Err(format!("the call got no result: {broken}").into());
            }
        };
        drop(seat);
        let wire: Vec<Exchange> = self.wire.of(&key).into_iter().map(|one| Exchange { number, ..one }).collect();
        let call = Call {
            contract: &self.contract,
            operation: reading.operation,
            number,
            asked: &request,
            wire: &wire,
            outcome: said.outcome,
            value: &said.value,
            status: said.status,
            message: &said.message,
            retries: said.retries,
            documented: BTreeSet::new(),
            found: Vec::new(),
        };
        let findings = call.judge();
        let other = findings.iter().any(|one| one.code == Code::ChangedArgument);
        self.note(scenario, findings);
        if other {
            return Err(no_call("the SDK sent another request than was asked for"));
        }
        match (wire.into_iter().next_back(), said.outcome) {
            (Some(exchange), _) => Ok(exchange),
            (None, Outcome::Rejected) => Err(no_call(&format!("the SDK refused the arguments: {}", said.message))),
            (None, Outcome::Unsupported) => {
                Err(no_call(&format!("the driver cannot make this call: {}", said.message)))
            }
            (None, outcome) => {
                Err(format!("nothing was sent; the driver said `{}`: {}", outcome.word(), said.message).into())
            }
        }
    }

    async fn ask(&self, seat: &mut Seat, reading: &Reading<'_>, key: &str) -> Result<Told, Broken> {
        let id = seat.calls;
        let driver = self.seated(seat).await?;
        let base_url = format!("{}/~/{key}", self.origin);
        driver
            .say(&Said::Call {
                id,
                operation: &reading.operation.id,
                parameters: reading.parameters.clone(),
                body: reading.body.clone(),
                base_url: &base_url,
                token: reading.token.as_deref().unwrap_or(""),
                deadline_ms: u64::try_from(self.deadline.as_millis()).unwrap_or(u64::MAX),
            })
            .await?;
        let retries = driver.ready.retries;
        let mut stop = self.stop.clone();
        let stopped = async {
            let heard = match &mut stop {
                Some(stop) => stop.wait_for(|stop| *stop).await.is_ok(),
                None => false,
            };
            if !heard {
                std::future::pending::<()>().await;
            }
        };
        let answered = tokio::select! {
            answered = driver.answer(self.deadline) => answered?,
            () = stopped => return Err(Broken::Hung("the run was interrupted".to_owned())),
        };
        match answered {
            Answered::Result { id: answered, .. } if answered != id => {
                Err(Broken::Garbage(format!("it answered call {answered}, the call was {id}; a call is answered once")))
            }
            Answered::Result { outcome, value, status, message, .. } => {
                let message = message.chars().take(MESSAGE).collect();
                Ok(Told { outcome, value, status, message, retries })
            }
            Answered::Ready { .. } => Err(Broken::Garbage("it greeted again; a result was expected".to_owned())),
        }
    }

    /// The driver, started anew when it broke.
    async fn seated<'s>(&self, seat: &'s mut Seat) -> Result<&'s mut Driver, Broken> {
        if seat.driver.is_none() {
            if seat.restarts == RESTARTS {
                return Err(Broken::Died(format!("it broke {RESTARTS} times, and was not started again")));
            }
            seat.restarts += 1;
            seat.driver = Some(Driver::start(&self.command, &self.operations()).await?);
        }
        seat.driver.as_mut().ok_or_else(|| Broken::NotStarted("there is none".to_owned()))
    }

    fn note(&self, scenario: &str, findings: Vec<Finding>) {
        let mut all = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(scenario.to_owned()).or_default().extend(findings);
    }

    /// What was found in a scenario: a check for each kind.
    pub(crate) fn outcomes(&self, scenario: &str, file: &SourceFile) -> Vec<CheckOutcome> {
        let mut all = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kinds: BTreeMap<(Code, Level), Vec<Finding>> = BTreeMap::new();
        for finding in all.remove(scenario).unwrap_or_default() {
            kinds.entry((finding.code, finding.level)).or_default().push(finding);
        }
        kinds
            .into_iter()
            .map(|((code, level), findings)| {
                let mut outcome = outcome(code, level, findings, file);
                if self.allowed.contains(&code) {
                    outcome.verdict = Verdict::Known(format!("allowed by --allow {}", code.as_str()));
                }
                outcome
            })
            .collect()
    }
}

/// Whether an SDK can be given these arguments at all.
fn takeable(reading: &Reading<'_>) -> Result<(), Obstacle> {
    let odd = |code: RequestCode| reading.findings.iter().any(|one| one.code == code);
    let untyped = [RequestCode::InvalidParameter, RequestCode::MalformedBody, RequestCode::WrongContentType];
    if untyped.into_iter().any(odd) || reading.body.as_ref().is_some_and(|body| !body.is_object()) {
        return Err(no_call("its arguments are of other types than an SDK takes"));
    }
    Ok(())
}

fn no_call(why: &str) -> Obstacle {
    Obstacle::NotApplicable(why.to_owned())
}

fn outcome(code: Code, level: Level, findings: Vec<Finding>, file: &SourceFile) -> CheckOutcome {
    let exchange = findings.first().and_then(|finding| finding.exchange);
    let mut found: Vec<Mismatch> = Vec::new();
    for finding in findings {
        if !found.contains(&finding.mismatch) {
            found.push(finding.mismatch);
        }
    }
    if found.len() > TOLD {
        let more = found.len() - TOLD;
        found.truncate(TOLD);
        found.push(Mismatch::of(format!("and {more} more")));
    }
    let statement = code.rule().to_owned();
    CheckOutcome {
        verdict: if level == Level::Must { Verdict::Fail } else { Verdict::Warn },
        level,
        requirements: vec![Cited { id: code.as_str().to_owned(), level, statement, sources: Vec::new() }],
        position: Position { file: file.name().to_owned(), line: 1, column: 1 },
        source: String::new(),
        exchange,
        expected: format!("in all calls of the scenario; if not, {} is to blame", code.blame()),
        meanings: Vec::new(),
        found,
    }
}
