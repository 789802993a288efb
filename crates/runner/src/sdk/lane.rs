//! Calls through a driver, one at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use conformance_contract::Contract;
use conformance_contract::request::Reading;
use conformance_record::{
    CheckOutcome, Cited, Code as RequestCode, Exchange, Level, Mismatch, Position, Request, Verdict,
};
use conformance_source::SourceFile;
use serde_json::Value;
use tokio::sync::{Mutex as AsyncMutex, watch};

use crate::judge::undone;
use crate::obstacle::Obstacle;
use crate::sdk::code::Code;
use crate::sdk::driver::{Broken, Driver, Drivers, Ready};
use crate::sdk::finding::{Call, Finding, Shown};
use crate::sdk::protocol::{Answered, Outcome, Said};
use crate::sdk::stand_in::{Arrival, StandIn};
use crate::target::Target;

/// A driver that fails as a driver, call after call, is started anew so often.
const RESTARTS: usize = 5;
/// So much of an error's text is told.
const MESSAGE: usize = 500;
/// So much later than the SDK has to give up, the driver has to have said so.
const GRACE: Duration = Duration::from_secs(2);
/// What an SDK is told of its time when there is no hurry: a day.
const NO_HURRY_MS: u64 = 24 * 60 * 60 * 1000;

/// How long a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// So long; a driver has half a minute to greet.
    Within(Duration),
    /// As long as it takes: somebody looks on with a debugger.
    Unlimited,
}

impl Patience {
    const fn deadline(self) -> Option<Duration> {
        match self {
            Self::Within(time) => Some(time),
            Self::Unlimited => None,
        }
    }
}

/// The SDK lane.
#[derive(Debug)]
pub struct SdkLane {
    contract: Arc<Contract>,
    drivers: Drivers,
    stand_in: StandIn,
    patience: Patience,
    /// Kinds of findings that are excused.
    allowed: Vec<Code>,
    /// Whether things go wrong on the way on purpose: then only the SDK is judged.
    pub(crate) weather: bool,
    /// Turns true when the run shall end early.
    stop: watch::Receiver<bool>,
    seat: AsyncMutex<Seat>,
    shown: Mutex<BTreeMap<String, Shown>>,
}

/// Where the driver sits.
#[derive(Debug, Default)]
struct Seat {
    driver: Option<Driver>,
    restarts: usize,
    calls: usize,
    /// Calls that got no result: what arrives for them is nobody's answer.
    broken: BTreeSet<String>,
}

/// What a driver said of a call.
struct Told {
    outcome: Outcome,
    value: Value,
    status: Option<u16>,
    message: String,
    retries: bool,
    took: Duration,
}

impl SdkLane {
    /// Gets a driver and greets it. No driver is waited for once `stop` turns true.
    ///
    /// # Errors
    /// When it cannot be started or does not greet.
    pub async fn start(
        contract: Arc<Contract>,
        drivers: Drivers,
        target: &Target,
        patience: Patience,
        stop: watch::Receiver<bool>,
    ) -> Result<(Self, Ready), Broken> {
        let stand_in = StandIn::new(target).map_err(Broken::NotStarted)?;
        let (seat, shown) = (AsyncMutex::default(), Mutex::default());
        let (allowed, weather) = (Vec::new(), false);
        let lane = Self { contract, drivers, stand_in, patience, allowed, weather, stop, seat, shown };
        let driver = lane.unless_stopped(lane.driver()).await?;
        let ready = driver.ready.clone();
        lane.seat.lock().await.driver = Some(driver);
        Ok((lane, ready))
    }

    async fn driver(&self) -> Result<Driver, Broken> {
        Driver::start(&self.drivers, &self.operations(), self.patience != Patience::Unlimited).await
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

    fn operations(&self) -> Vec<String> {
        self.contract.operations.iter().map(|one| one.id.clone()).collect()
    }

    /// Ends the driver.
    pub async fn end(&self) {
        if let Some(driver) = self.seat.lock().await.driver.take() {
            driver.end().await;
        }
    }

    /// Makes the call that a request stands for while these faults happen, and answers what went over the wire.
    pub(crate) async fn send(
        &self,
        scenario: &str,
        number: usize,
        request: Request,
        faults: &[String],
    ) -> Result<Exchange, Obstacle> {
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
        seat.calls += 1;
        let call = seat.calls;
        if !faults.is_empty() {
            self.stand_in.script(call, faults).await?;
        }
        let said = self.unless_stopped(self.ask(&mut seat, &reading)).await;
        let wire = self.stand_in.arrived(call, reading.token.as_deref().unwrap_or("")).await?;
        let said = said.map_err(|broken| self.broken((&mut seat, call), scenario, &broken))?;
        seat.restarts = 0;
        drop(seat);
        let (shown, done) = self.judged((number, &request, &reading), wire, said, faults, call).await?;
        self.note(scenario, shown);
        done
    }

    /// What a call has shown, and what went over the wire as an answer to the scenario.
    async fn judged(
        &self,
        (number, asked, reading): (usize, &Request, &Reading<'_>),
        wire: Vec<Arrival>,
        said: Told,
        faults: &[String],
        call: usize,
    ) -> Result<(Shown, Result<Exchange, Obstacle>), Obstacle> {
        let judged = Call {
            contract: &self.contract,
            operation: reading.operation,
            number,
            asked,
            wire: &wire,
            outcome: said.outcome,
            value: &said.value,
            status: said.status,
            message: &said.message,
            retries: said.retries,
            took: said.took,
            deadline: self.patience.deadline(),
            shown: Shown::default(),
        };
        let mut shown = judged.judge();
        let other = shown.found.iter().any(|one| one.code == Code::ChangedArgument);
        let met = faults.is_empty() || wire.is_empty() || self.stand_in.met(call).await?;
        if !faults.is_empty() && !wire.is_empty() {
            (shown.scripted, shown.met) = (1, usize::from(met));
        }
        let done = if other {
            Err(no_call("the SDK sent another request than was asked for"))
        } else if !met {
            Err(no_call("none of its faults happened to this call"))
        } else {
            result(number, asked, wire, &said)
        };
        Ok((shown, done))
    }

    async fn ask(&self, seat: &mut Seat, reading: &Reading<'_>) -> Result<Told, Broken> {
        let id = seat.calls;
        let driver = self.seated(seat).await?;
        let deadline = self.patience.deadline();
        let deadline_ms = deadline.and_then(|time| u64::try_from(time.as_millis()).ok()).unwrap_or(NO_HURRY_MS);
        let start = Instant::now();
        driver
            .say(&Said::Call {
                id,
                operation: &reading.operation.id,
                parameters: reading.parameters.clone(),
                body: reading.body.clone(),
                base_url: &self.stand_in.base_url(id),
                token: reading.token.as_deref().unwrap_or(""),
                deadline_ms,
            })
            .await?;
        let retries = driver.ready.retries;
        // An SDK that keeps to its deadline is not a driver that hangs.
        match driver.answer(deadline.map(|time| time + GRACE)).await? {
            Answered::Result { id: answered, .. } if answered != id => {
                Err(Broken::Garbage(format!("it answered call {answered}, the call was {id}; a call is answered once")))
            }
            Answered::Result { outcome, value, status, message, .. } => {
                let message = message.chars().take(MESSAGE).collect();
                Ok(Told { outcome, value, status, message, retries, took: start.elapsed() })
            }
            Answered::Ready { .. } => Err(Broken::Garbage("it greeted again; a result was expected".to_owned())),
        }
    }

    /// Notes that the driver failed as a driver; it is gone.
    fn broken(&self, (seat, call): (&mut Seat, usize), scenario: &str, broken: &Broken) -> Obstacle {
        seat.driver = None;
        seat.broken.insert(self.stand_in.name(call));
        if *self.stop.borrow() {
            return "the run was interrupted".into();
        }
        let mismatch = Mismatch::of(broken.to_string());
        let finding = Finding { code: Code::Driver, level: Level::Must, mismatch, exchange: None };
        self.note(scenario, Shown { found: vec![finding], ..Shown::default() });
        format!("the call got no result: {broken}").into()
    }

    /// The driver, started anew when it broke.
    async fn seated<'s>(&self, seat: &'s mut Seat) -> Result<&'s mut Driver, Broken> {
        if seat.driver.is_none() {
            if let Drivers::Listener(_) = self.drivers {
                return Err(Broken::Died(
                    "it broke, and one that connects by itself is not waited for again".to_owned(),
                ));
            }
            if seat.restarts == RESTARTS {
                return Err(Broken::Died(format!("it broke {RESTARTS} times in a row, and was not started again")));
            }
            seat.restarts += 1;
            seat.driver = Some(self.driver().await?);
        }
        seat.driver.as_mut().ok_or_else(|| Broken::NotStarted("there is none".to_owned()))
    }

    /// Waits for a driver no longer than the run goes on.
    async fn unless_stopped<T>(&self, waiting: impl Future<Output = Result<T, Broken>>) -> Result<T, Broken> {
        let mut stop = self.stop.clone();
        let stopped = async {
            // Who could stop it may be gone.
            if stop.wait_for(|stop| *stop).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            done = waiting => done,
            () = stopped => Err(Broken::Hung("the run was interrupted".to_owned())),
        }
    }

    fn note(&self, scenario: &str, shown: Shown) {
        let mut all = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(scenario.to_owned()).or_default();
        known.judged.extend(shown.judged);
        known.found.extend(shown.found);
        known.scripted += shown.scripted;
        known.met += shown.met;
    }

    /// What was shown in a scenario: a check for each rule that could be judged.
    pub(crate) async fn outcomes(&self, scenario: &str, file: &SourceFile) -> Vec<CheckOutcome> {
        self.note(scenario, Shown { found: self.late().await, ..Shown::default() });
        let mut all = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let Shown { judged, found, scripted, met } = all.remove(scenario).unwrap_or_default();
        let mut kinds: BTreeMap<(Code, Level), Vec<Finding>> = BTreeMap::new();
        let broken: BTreeSet<Code> = found.iter().map(|finding| finding.code).collect();
        for code in judged.difference(&broken) {
            kinds.insert((*code, Level::Must), Vec::new());
        }
        for finding in found {
            kinds.entry((finding.code, finding.level)).or_default().push(finding);
        }
        let outcomes = kinds.into_iter().map(|((code, level), findings)| {
            let mut outcome = outcome(code, level, findings, file);
            if self.allowed.contains(&code) && outcome.verdict != Verdict::Pass {
                outcome.verdict = Verdict::Known(format!("allowed by --allow {}", code.as_str()));
            }
            outcome
        });
        let idle = (scripted > 0 && met == 0).then(|| idle(file));
        outcomes.chain(idle).collect()
    }

    /// Requests that arrived after their call had returned.
    async fn late(&self) -> Vec<Finding> {
        let late = self.stand_in.arrived_late().await.unwrap_or_default().into_iter();
        let seat = self.seat.lock().await;
        let late = late.filter(|arrival| !seat.broken.contains(&arrival.call));
        let finding = |arrival: Arrival| {
            let mismatch = Mismatch::of(format!("after the call had returned: {}", arrival.exchange.line()));
            Finding { code: Code::SentTwice, level: Level::Must, mismatch, exchange: None }
        };
        late.map(finding).collect()
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

/// What went over the wire last, as the request that was asked for; or why there is nothing.
fn result(number: usize, asked: &Request, wire: Vec<Arrival>, said: &Told) -> Result<Exchange, Obstacle> {
    let Some(arrival) = wire.into_iter().next_back() else {
        return Err(match said.outcome {
            Outcome::Rejected => no_call(&format!("the SDK refused the arguments: {}", said.message)),
            Outcome::Unsupported => no_call(&format!("the driver cannot make this call: {}", said.message)),
            outcome => format!("nothing was sent; the driver said `{}`: {}", outcome.word(), said.message).into(),
        });
    };
    let mut exchange = Exchange { number, ..arrival.exchange };
    // The journal tells no credentials; the run's own are known.
    if let Some(own) = asked.header("authorization").filter(|_| arrival.own) {
        for (_, value) in exchange.request.headers.iter_mut().filter(|(_, value)| value == "Bearer <token>") {
            own.clone_into(value);
        }
    }
    Ok(exchange)
}

fn no_call(why: &str) -> Obstacle {
    Obstacle::NotApplicable(why.to_owned())
}

/// A scenario with faults in which nothing went wrong has shown nothing.
fn idle(file: &SourceFile) -> CheckOutcome {
    let position = Position { file: file.name().to_owned(), line: 1, column: 1 };
    let words = ("faults", "What a scenario names as going wrong goes wrong.", "a fault in one of the calls");
    undone(words, "none of the faults that it names happened to any of its calls".into(), (position, String::new()))
}

fn outcome(code: Code, level: Level, findings: Vec<Finding>, file: &SourceFile) -> CheckOutcome {
    let exchange = findings.first().and_then(|finding| finding.exchange);
    let mut found: Vec<Mismatch> = Vec::new();
    for finding in findings {
        if !found.contains(&finding.mismatch) {
            found.push(finding.mismatch);
        }
    }
    let statement = code.rule().to_owned();
    CheckOutcome {
        verdict: match level {
            _ if found.is_empty() => Verdict::Pass,
            Level::Must => Verdict::Fail,
            _ => Verdict::Warn,
        },
        level,
        requirements: vec![Cited { id: code.as_str().to_owned(), level, statement, sources: Vec::new() }],
        position: Position { file: file.name().to_owned(), line: 1, column: 1 },
        source: String::new(),
        exchange,
        expected: format!("in all calls of the scenario; if not, {} is to blame", code.blame()),
        meanings: Vec::new(),
        found: Mismatch::first_few(found),
    }
}
