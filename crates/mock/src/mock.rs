//! A mock as it is served: what answers, who watches, what stands in front of it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use conformance_api::Api;
use conformance_contract::Contract;
use conformance_record::{Answer, Boundary, NoResponse, Request, Response, Upstream};
use conformance_source::{Diagnostics, SourceFile};
use parking_lot::RwLock;
use serde_json::Value;

use crate::control::{self, Control};
use crate::cors;
use crate::derived::Derived;
use crate::pipeline::SuiteMock;
use crate::populate::{Given, populated, written_down};
use crate::problem::Problem;
use crate::reply::{Reply, plain};
use crate::saved::Saved;
use crate::settings::Settings;
use crate::take_over::take_over;

/// Someone who watches the server.
pub trait Observer: Send + Sync {
    /// A request was answered.
    fn answered(&self, request: &Request, reply: &Reply, took: Duration);
}

/// Someone who watches what clients send, and what they get for it.
pub trait Witness: Send + Sync {
    /// A client got an answer, or did not, whatever stands between it and the server.
    fn saw(&self, request: &Request, answer: &Result<Response, NoResponse>, took: Duration);
}

/// What answers requests, from a suite or from any document.
pub(crate) trait Engine: Send + Sync {
    /// What the mocked API is called.
    fn title(&self) -> &str;

    /// Answers a request.
    fn answer(&self, request: &Request) -> Reply;

    /// Answers a request whose body was not read to the end.
    fn reject(&self, problem: Problem) -> Reply;

    /// Puts the workspace of a request's credentials back to where it began: its number, if it was ever used.
    ///
    /// # Errors
    /// What is missing, when the request has no credentials and so means no workspace.
    fn reset(&self, request: &Request) -> Result<Option<usize>, String>;

    /// What all workspaces hold.
    fn saved(&self) -> Saved;

    /// Puts what was saved in place of everything.
    ///
    /// # Errors
    /// What cannot be read, and where; nothing is changed then.
    fn restore(&self, saved: Saved) -> Result<(), String>;

    /// Puts this in place of what the workspace with a number holds; false when there is no such workspace.
    ///
    /// # Errors
    /// What cannot be read, and where; nothing is changed then.
    fn put(&self, number: usize, state: &Value) -> Result<bool, String>;

    /// Puts the workspace with a number back to where it began; false when there is none.
    fn clear(&self, number: usize) -> bool;

    /// Lets every workspace begin with this.
    ///
    /// # Errors
    /// What cannot be read, and where.
    fn begin_with(&mut self, state: &Value) -> Result<(), String>;
}

/// So many examples become objects.
const MOST_EXAMPLES: usize = 1000;

/// A stateful server of one API.
pub struct Mock {
    engine: RwLock<Box<dyn Engine>>,
    settings: Settings,
    observer: Option<Box<dyn Observer>>,
    witness: Option<Box<dyn Witness>>,
    boundary: Option<Arc<dyn Boundary>>,
    control: Control,
}

impl std::fmt::Debug for Mock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mock").field("api", &self.engine.read().title()).finish_non_exhaustive()
    }
}

impl Mock {
    /// A mock of `contract`; each workspace starts from the objects in `fixtures`.
    ///
    /// # Errors
    /// When the schemas ask for something that nothing can produce, or the fixtures break the schemas.
    pub fn new(
        contract: Arc<Contract>,
        settings: Settings,
        fixtures: Option<&SourceFile>,
    ) -> Result<Self, Diagnostics> {
        let engine = SuiteMock::new(contract, settings.clone(), fixtures)?;
        Ok(Self::of(Box::new(engine), settings))
    }

    /// A mock of what a document means.
    #[must_use]
    pub fn derived(derived: Derived, settings: Settings) -> Self {
        Self::of(Box::new(derived), settings)
    }

    fn of(engine: Box<dyn Engine>, settings: Settings) -> Self {
        Self {
            engine: RwLock::new(engine),
            settings,
            observer: None,
            witness: None,
            boundary: None,
            control: Control::default(),
        }
    }

    /// Lets every workspace begin with so many plausible objects of each kind that the API creates; `api` is what is mocked.
    /// How many there are.
    ///
    /// # Errors
    /// Why there are none.
    pub fn populate(&mut self, api: &Api, count: usize) -> Result<usize, String> {
        let engine = self.engine.get_mut();
        let before = Saved { workspaces: Vec::new(), ..engine.saved() };
        let (state, made) = populated(engine.as_ref(), api, (count, self.settings.require_token.as_deref()))?;
        engine.restore(before)?;
        engine.begin_with(&state)?;
        Ok(made)
    }

    /// Lets every workspace begin with these objects; `api` is what is mocked.
    ///
    /// # Errors
    /// The number of the one that could not be made, and why.
    pub fn begin_with(&mut self, api: &Api, objects: &[Given]) -> Result<(), (usize, String)> {
        let engine = self.engine.get_mut();
        let before = Saved { workspaces: Vec::new(), ..engine.saved() };
        let state = written_down(engine.as_ref(), api, (objects, self.settings.require_token.as_deref()))?;
        let begun = engine.restore(before).and_then(|()| engine.begin_with(&state));
        begun.map_err(|why| (0, why))
    }

    /// Lets every workspace begin with the objects that the examples of the document show, as far as they can be made: how many
    /// are there, and why others are not.
    pub fn begin_with_examples(&mut self, api: &Api) -> (usize, Vec<String>) {
        let shown = conformance_api::examples::objects(api).into_iter().map(|(path, members)| Given { path, members });
        let (mut all, mut unfit): (Vec<Given>, _) = (shown.take(MOST_EXAMPLES).collect(), Vec::new());
        // One that does not fit costs itself alone.
        while let Err((number, why)) = self.begin_with(api, &all) {
            if number >= all.len() {
                unfit.push(why);
                all.clear();
                break;
            }
            unfit.push(format!("{}: {why}", all.remove(number).path));
        }
        (all.len(), unfit)
    }

    /// The same mock, watched.
    #[must_use]
    pub fn observed(mut self, observer: Box<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The same mock, whose clients are watched when it is served.
    #[must_use]
    pub fn witnessed(mut self, witness: Box<dyn Witness>) -> Self {
        self.witness = Some(witness);
        self
    }

    /// Who watches its clients, if anyone.
    #[must_use]
    pub fn witness(&self) -> Option<&dyn Witness> {
        self.witness.as_deref()
    }

    /// The same mock behind something that alters requests and answers when it is served.
    #[must_use]
    pub fn behind(mut self, boundary: Arc<dyn Boundary>) -> Self {
        self.boundary = Some(boundary);
        self
    }

    /// The same mock, governed by this control API when it is served.
    #[must_use]
    pub fn controlled(mut self, control: Control) -> Self {
        self.control = control;
        self
    }

    /// What governs it.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// All that it keeps, as text.
    #[must_use]
    pub fn saved(&self) -> String {
        let engine = self.engine.read();
        engine.saved().written(engine.title())
    }

    /// Puts what was saved as text in place of everything.
    ///
    /// # Errors
    /// What is wrong with it; nothing is changed then.
    pub fn restore(&self, text: &str) -> Result<(), String> {
        self.engine.read().restore(Saved::read(text)?)
    }

    /// Mocks from now on what another mock does, and keeps what this one holds, as far as it fits: what does not, in words. What
    /// watches it, stands before it and goes wrong stays.
    pub fn replace(&self, other: Self) -> Vec<String> {
        let new = other.engine.into_inner();
        // No request is answered meanwhile.
        let mut engine = self.engine.write();
        let lost = take_over(new.as_ref(), engine.saved());
        *engine = new;
        self.control.adopt(&other.control);
        lost
    }

    /// Completes when something has arrived since a revision: the revision now.
    pub async fn changed_after(&self, revision: u64) -> u64 {
        self.control.journal.changed_after(revision).await
    }

    /// Answers a request to the control API.
    pub(crate) fn govern(
        &self,
        peer: IpAddr,
        host: Option<&str>,
        (request, problem): (&Request, Option<Problem>),
    ) -> Reply {
        self.control.answer(self.engine.read().as_ref(), peer, host, (request, problem))
    }

    /// What stands in front of it, if anything.
    #[must_use]
    pub fn boundary(&self) -> Option<&dyn Boundary> {
        self.boundary.as_deref()
    }

    /// Whether something stands before it, or somebody looks at what passes.
    pub(crate) fn is_watched(&self) -> bool {
        self.boundary.is_some() || self.witness.is_some() || self.control.script(None).is_some()
    }

    /// How it was set up.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Answers a request.
    #[must_use]
    pub fn respond(&self, request: &Request) -> Reply {
        let start = self.observed_since();
        let mut reply = self.engine.read().answer(request);
        // A person with a browser sees what there is, unless the API has something there itself.
        if request.path() == "/"
            && reply.status == 404
            && request.header("accept").is_some_and(|one| one.contains("text/html"))
        {
            reply = plain(302, Bytes::new());
            reply.headers.push(("location".into(), control::BASE.into()));
        }
        self.finish(request, &mut reply, start);
        reply
    }

    /// Refuses a request before its body was read to the end.
    #[must_use]
    pub fn refuse(&self, request: &Request, problem: Problem) -> Reply {
        let start = self.observed_since();
        let mut reply = self.engine.read().reject(problem);
        self.finish(request, &mut reply, start);
        reply
    }

    /// Now, for an observer; who has none need not look at the clock.
    fn observed_since(&self) -> Option<Instant> {
        self.observer.as_ref().map(|_| Instant::now())
    }

    fn finish(&self, request: &Request, reply: &mut Reply, start: Option<Instant>) {
        let cors = &self.settings.cors;
        if cors::is_preflight(request) && reply.status >= 400 {
            // The browser would tell the page of this error only; of the request itself it tells the status.
            *reply = plain(204, Bytes::new());
            let method = request.header("access-control-request-method").unwrap_or("");
            reply.headers.extend(cors.preflight(request, method));
        }
        let fields = cors.fields(request, reply.headers.iter().map(|(name, _)| name.as_ref()));
        reply.headers.extend(fields);
        reply.hint = cors.hint(request);
        if let (Some(observer), Some(start)) = (&self.observer, start) {
            observer.answered(request, reply, start.elapsed());
        }
        if request.method == "HEAD" {
            reply.headers.push(("content-length".into(), reply.body.len().to_string().into()));
            reply.body = Bytes::new();
        }
    }
}

impl Upstream for Mock {
    fn send(&self, request: Request) -> Answer<'_> {
        Box::pin(std::future::ready(Ok(self.respond(&request).into())))
    }
}
