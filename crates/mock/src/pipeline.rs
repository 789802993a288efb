//! From a request to a response, stage by stage.
//!
//! Bodies of reads were rendered when the state last changed; only who changes it waits for others who do.

use std::sync::Arc;

use bytes::Bytes;
use conformance_contract::request::{Reading, bearer};
use conformance_contract::{Contract, Operation};
use conformance_record::{Code, Finding, Request};
use conformance_source::{Diagnostics, SourceFile};
use serde_json::Value;

use crate::control;
use crate::mock::Engine;
use crate::plan::{Plan, ResourcePlan, SuiteFault, is_location, plan};
use crate::problem::Problem;
use crate::reply::{Reply, plain};
use crate::saved::Saved;
use crate::seeds::Seeds;
use crate::settings::Settings;
use crate::store::Collection;
use crate::workspaces::{State, Workspace, Workspaces};

/// The mock of a suite.
pub(crate) struct SuiteMock {
    pub(crate) contract: Arc<Contract>,
    pub(crate) plan: Plan,
    pub(crate) settings: Settings,
    workspaces: Workspaces,
}

/// Why a request was not carried out.
pub(crate) enum Refusal {
    Problem(Problem),
    Fault(SuiteFault),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<SuiteFault> for Refusal {
    fn from(fault: SuiteFault) -> Self {
        Self::Fault(fault)
    }
}

/// A status and a body, or a refusal.
pub(crate) type Done = Result<(u16, Bytes), Refusal>;

impl SuiteMock {
    /// A mock of `contract`; each workspace starts from the objects in `fixtures`.
    ///
    /// # Errors
    /// When the schemas ask for something that nothing can produce, or the fixtures break the schemas.
    pub fn new(
        contract: Arc<Contract>,
        settings: Settings,
        fixtures: Option<&SourceFile>,
    ) -> Result<Self, Diagnostics> {
        let taken = control::taken(&contract);
        if !taken.is_empty() {
            return Err(Diagnostics(taken));
        }
        let plan = plan(&contract)?;
        let seeds = match fixtures {
            Some(file) => Seeds::parse(&contract, &plan, file)?,
            None => Seeds::none(&contract),
        };
        let workspaces = Workspaces::new(&contract, seeds, settings.seed, settings.limits.workspaces);
        Ok(Self { contract, plan, settings, workspaces })
    }

    fn respond(&self, request: &Request) -> Reply {
        if request.method == "OPTIONS" {
            return self.options(request);
        }
        match self.contract.read(request) {
            Ok(reading) => self.carry_out(&reading),
            Err(lost) => {
                let kind = if lost.allowed.is_empty() { "unknown-path" } else { "method-not-allowed" };
                let mut reply = self.reply_to(Problem::new(kind, lost.finding.message).into(), None);
                if !lost.allowed.is_empty() {
                    reply.headers.push(("allow".into(), allow(&lost.allowed).into()));
                }
                reply
            }
        }
    }

    /// `OPTIONS`: what the path has, and the answer to a browser's preflight.
    fn options(&self, request: &Request) -> Reply {
        let all = self.contract.operations.iter();
        let here = all.filter(|one| request.path() == "*" || one.path.fit(request.path()).is_some());
        let methods: Vec<String> = here.map(|one| one.method.clone()).collect();
        if methods.is_empty() {
            // The error that any other method would get here.
            return self.respond(&Request { method: "GET".to_owned(), ..request.clone() });
        }
        let mut reply = plain(204, Bytes::new());
        reply.headers = vec![("allow".into(), allow(&methods).into())];
        reply.headers.extend(self.settings.cors.preflight(request, &allow(&methods)));
        reply
    }

    fn carry_out(&self, reading: &Reading<'_>) -> Reply {
        let operation = reading.operation;
        let notes: Vec<Finding> = reading.findings.iter().filter(|one| one.code.is_note()).cloned().collect();
        let mut number = None;
        let done = self.admit(reading).and_then(|token| {
            let workspace = self.workspaces.of(token);
            number = Some(workspace.number);
            let refused = Problem::from_findings(reading.refusals(self.settings.strict));
            refused.map_or_else(|| self.act(reading, &workspace.state), |problem| Err(problem.into()))
        });
        let mut reply = match done {
            Ok((status, body)) => self.success(operation, reading, status, body),
            Err(refusal) => self.reply_to(refusal, Some(operation)),
        };
        reply.workspace = number;
        reply.notes = notes;
        reply
    }

    /// A success, with the header fields that the contract documents.
    fn success(&self, operation: &Operation, reading: &Reading<'_>, status: u16, body: Bytes) -> Reply {
        let mut reply = plain(status, body);
        let documented = operation.success().map(|rule| rule.headers.as_slice()).unwrap_or_default();
        if documented.is_empty() {
            return reply;
        }
        let given = &self.plan.headers[operation.index];
        reply.headers.extend(given.iter().map(|(name, value)| (name.clone().into(), value.clone().into())));
        if documented.iter().any(|field| is_location(operation, &field.name)) {
            reply.headers.extend(self.location(reading, &reply.body).map(|path| ("location".into(), path.into())));
        }
        reply
    }

    /// What a workspace holds, in the form of fixtures.
    fn seeds_of(&self, state: &State) -> Value {
        let resources = self.contract.resources.iter().zip(&self.plan.resources).zip(state.collections.iter());
        let objects = |plan: &ResourcePlan, all: &Collection| {
            all.oldest_first().map(|one| Value::Object(plan.state(one))).collect()
        };
        Value::Object(resources.map(|((rules, plan), all)| (rules.name.clone(), objects(plan, all))).collect())
    }

    /// A workspace that holds these fixtures.
    fn restored(&self, number: usize, fixtures: &Value) -> Result<Workspace, String> {
        Ok(self.workspaces.holding(number, &self.seeds_in(fixtures)?))
    }

    fn seeds_in(&self, fixtures: &Value) -> Result<Seeds, String> {
        let file = SourceFile::new("fixtures", fixtures.to_string());
        Seeds::parse(&self.contract, &self.plan, &file).map_err(|wrong| {
            wrong.0.iter().map(|one| format!("{} ({})", one.title, one.label)).collect::<Vec<_>>().join(". ")
        })
    }

    /// The token, if it is let in.
    fn admit<'r>(&self, reading: &'r Reading<'_>) -> Result<&'r str, Refusal> {
        let missing = reading.findings.iter().filter(|one| one.code == Code::MissingCredentials);
        if let Some(problem) = Problem::from_findings(missing) {
            return Err(problem.into());
        }
        let token = reading.token.as_deref().unwrap_or("");
        match &self.settings.require_token {
            Some(required) if required != token => {
                let message =
                    "header.authorization: this token is not known here; the server was started with another one";
                Err(Problem::new("unauthorized", message).into())
            }
            _ => Ok(token),
        }
    }

    fn reply_to(&self, refusal: Refusal, operation: Option<&Operation>) -> Reply {
        let (status, problem) = match refusal {
            Refusal::Problem(problem) => (problem.status(&self.contract.errors), problem),
            Refusal::Fault(SuiteFault(fault)) => {
                (500, Problem::new("suite-fault", format!("the suite is at fault: {fault}")))
            }
        };
        let mut reply = plain(status, problem.body(&self.contract, operation, status));
        if status == 401 {
            reply.headers.push(("www-authenticate".into(), "Bearer".into()));
        }
        reply.problem = Some(problem);
        reply
    }
}

impl Engine for SuiteMock {
    fn title(&self) -> &str {
        &self.contract.title
    }

    fn answer(&self, request: &Request) -> Reply {
        self.respond(request)
    }

    fn reject(&self, problem: Problem) -> Reply {
        self.reply_to(Refusal::Problem(problem), None)
    }

    fn reset(&self, request: &Request) -> Result<Option<usize>, String> {
        let token = bearer(request.header("authorization"));
        let number = self.workspaces.reset(token.as_deref().unwrap_or(""));
        if token.is_none() && number.is_none() {
            return Err("whose workspace? Send its token: `Authorization: Bearer TOKEN`".to_owned());
        }
        Ok(number)
    }

    fn saved(&self) -> Saved {
        self.workspaces.kept().saved(|one| self.seeds_of(&one.state.read()))
    }

    fn restore(&self, saved: Saved) -> Result<(), String> {
        self.workspaces.kept().restore(saved, |number, state| self.restored(number, state))
    }

    fn put(&self, number: usize, state: &Value) -> Result<bool, String> {
        Ok(self.workspaces.kept().put(number, self.restored(number, state)?))
    }

    fn clear(&self, number: usize) -> bool {
        self.workspaces.kept().put(number, self.workspaces.begun(number))
    }

    fn begin_with(&mut self, state: &Value) -> Result<(), String> {
        let seeds = self.seeds_in(state)?;
        self.workspaces.begin_with(seeds);
        Ok(())
    }
}

/// `Allow`: `GET` brings `HEAD` with it, and `OPTIONS` always works.
pub(crate) fn allow(methods: &[String]) -> String {
    let with_head =
        methods.iter().flat_map(|method| if method == "GET" { vec!["GET", "HEAD"] } else { vec![method.as_str()] });
    let mut all: Vec<&str> = Vec::new();
    for method in with_head.chain(["OPTIONS"]) {
        if !all.contains(&method) {
            all.push(method);
        }
    }
    all.join(", ")
}
