//! Calls through a driver, one at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use conformance_contract::Contract;
use conformance_contract::request::Reading;
use conformance_record::{CheckOutcome, Exchange, Level, Mismatch, Request};
use conformance_source::SourceFile;
use serde_json::Value;
use tokio::sync::{Mutex as AsyncMutex, watch};

use crate::obstacle::Obstacle;
use crate::sdk::arguments;
use crate::sdk::code::Code;
use crate::sdk::driver::{Broken, Driver, Drivers, Ready};
use crate::sdk::finding::{Call, Finding, Shown};
use crate::sdk::outcomes::outcomes;
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
    /// How long a call may take to which these faults happen.
    deadlines: BTreeMap<String, Duration>,
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
        let (deadlines, allowed, weather) = (BTreeMap::new(), Vec::new(), false);
        let lane = Self { contract, drivers, stand_in, patience, deadlines, allowed, weather, stop, seat, shown };
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

    /// The same lane, on which a call may take only so long when the fault of this name happens to it.
    #[must_use]
    pub fn hurried_by(mut self, deadlines: BTreeMap<String, Duration>) -> Self {
        self.deadlines = deadlines;
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
    ///
    /// Where the SDK did something else than was asked, a scenario's own checks of that call would judge a server by what it
    /// was not asked for; after a write of which that is true, those of all later calls would.
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
        arguments::are_takeable(&reading).map_err(no_call)?;
        let mut done = self.call(scenario, (number, &request, &reading), faults).await;
        if let (Err(Obstacle::NotApplicable(why)), true) = (&done, arguments::are_written(&reading)) {
            self.note(scenario, Shown { unclear: Some(why.clone()), ..Shown::default() });
        } else if let (Ok(_), Some(why)) = (&done, self.unclear(scenario)) {
            done = Err(no_call(&format!("what the server holds is unclear since an earlier call: {why}")));
        }
        done
    }

    async fn call(
        &self,
        scenario: &str,
        (number, request, reading): (usize, &Request, &Reading<'_>),
        faults: &[String],
    ) -> Result<Exchange, Obstacle> {
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
        let deadline = self.deadline(faults);
        let said = self.unless_stopped(self.ask(&mut seat, reading, deadline)).await;
        let (wire, late) = self.stand_in.arrived(call, reading.token.as_deref().unwrap_or("")).await?;
        self.late(&seat, scenario, late);
        let said = said.map_err(|broken| self.broken((&mut seat, call), scenario, &wire, &broken))?;
        seat.restarts = 0;
        drop(seat);
        let mut shown = self.judged((number, request, reading), (&wire, &said), deadline);
        let met = faults.is_empty() || wire.is_empty() || self.stand_in.met(call).await?;
        if !faults.is_empty() && !wire.is_empty() {
            (shown.scripted, shown.met) = (1, usize::from(met));
        }
        let another = shown.is_another_request(reading.operation.action);
        self.note(scenario, shown);
        if let Some(why) = another {
            Err(no_call(why))
        } else if !met {
            Err(no_call("none of its faults happened to this call"))
        } else {
            result(number, request, wire, &said)
        }
    }

    /// What a call has shown.
    fn judged(
        &self,
        (number, asked, reading): (usize, &Request, &Reading<'_>),
        (wire, said): (&[Arrival], &Told),
        deadline: Option<Duration>,
    ) -> Shown {
        let call = Call {
            contract: &self.contract,
            reading,
            number,
            asked,
            wire,
            outcome: said.outcome,
            value: &said.value,
            status: said.status,
            message: &said.message,
            retries: said.retries,
            took: said.took,
            deadline,
            shown: Shown::default(),
        };
        call.judge()
    }

    /// How long a call may take, if anyone is in a hurry: no longer than the faults that happen to it let it.
    fn deadline(&self, faults: &[String]) -> Option<Duration> {
        let own = faults.iter().filter_map(|name| self.deadlines.get(name)).min().copied();
        self.patience.deadline().map(|all| own.map_or(all, |own| own.min(all)))
    }

    /// Why it is unclear what the server holds for a scenario, if it is.
    fn unclear(&self, scenario: &str) -> Option<String> {
        let all = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(scenario)?.unclear.clone()
    }

    async fn ask(&self, seat: &mut Seat, reading: &Reading<'_>, deadline: Option<Duration>) -> Result<Told, Broken> {
        let id = seat.calls;
        let driver = self.seated(seat).await?;
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

    /// Notes that a call got no result, and who is to blame; the driver is gone.
    fn broken(&self, (seat, call): (&mut Seat, usize), scenario: &str, wire: &[Arrival], broken: &Broken) -> Obstacle {
        seat.driver = None;
        seat.broken.insert(self.stand_in.name(call));
        if *self.stop.borrow() {
            return "the run was interrupted".into();
        }
        let code = match broken {
            // Why was told when it broke.
            Broken::GivenUp(_) => None,
            Broken::Ended(_) => Some(Code::ProcessEnded),
            Broken::Hung(_) if is_waiting(wire) => Some(Code::MissedDeadline),
            _ => Some(Code::Driver),
        };
        let words = match code {
            Some(Code::MissedDeadline) => format!("the call did not end when its time was over: {broken}"),
            _ => broken.to_string(),
        };
        let finding = code.map(|code| {
            let mismatch = Mismatch::of(words.clone());
            Finding { code, level: Level::Must, mismatch, exchange: None }
        });
        self.note(scenario, Shown { found: finding.into_iter().collect(), ..Shown::default() });
        format!("the call got no result: {words}").into()
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
                return Err(Broken::GivenUp(format!("it broke {RESTARTS} times in a row")));
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
        known.unclear = known.unclear.take().or(shown.unclear);
    }

    /// What was shown in a scenario: a check for each rule that could be judged.
    pub(crate) async fn outcomes(&self, scenario: &str, file: &SourceFile) -> Vec<CheckOutcome> {
        let late = self.stand_in.arrived_late().await.unwrap_or_default();
        let seat = self.seat.lock().await;
        self.late(&seat, scenario, late);
        let mut all = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        outcomes(all.remove(scenario).unwrap_or_default(), &self.allowed, file)
    }

    /// Notes requests that arrived after their call had returned.
    fn late(&self, seat: &Seat, scenario: &str, late: Vec<Arrival>) {
        for arrival in late.into_iter().filter(|arrival| !seat.broken.contains(&arrival.call)) {
            let mismatch = Mismatch::of(format!("after the call had returned: {}", arrival.exchange.line()));
            let finding = Finding { code: Code::SentTwice, level: Level::Must, mismatch, exchange: None };
            let writes = arrival.exchange.request.method != "GET";
            let unclear = writes.then(|| "the SDK sent a request again, after its call had returned".to_owned());
            self.note(scenario, Shown { found: vec![finding], unclear, ..Shown::default() });
        }
    }
}

/// Whether an SDK still waits: for a response, or to try again.
fn is_waiting(wire: &[Arrival]) -> bool {
    let failed = |one: &Arrival| {
        one.exchange.response.as_ref().map_or(true, |response| response.status == 429 || response.status >= 500)
    };
    wire.last().is_some_and(failed)
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
