//! A scenario as it is replayed.

use std::time::Duration;

use conformance_source::{SourceFile, Span};

use crate::expression::Expression;
use crate::relation::Relation;
use crate::template::Template;

/// A script of steps against one workspace.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// `area/behaviour`, from the file's path.
    pub name: String,
    /// What it shows, in one line.
    pub summary: String,
    /// The file it stands in.
    pub file: SourceFile,
    /// Whether no other scenario may run at the same time.
    pub alone: bool,
    /// What it cannot do without.
    pub needs: Vec<Capability>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Steps that are done at the end whatever became of the others.
    pub teardown: Vec<Step>,
}

impl Scenario {
    /// All steps, those of the tear-down last.
    pub fn all_steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().chain(&self.teardown)
    }

    /// Whether it is about what an SDK makes of a server's faults: then it goes through an SDK only.
    #[must_use]
    pub fn is_for_sdks(&self) -> bool {
        self.all_steps().any(|step| !step.kind.call().faults.is_empty())
    }
}

/// What not every target, or not every run, can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// A token of another workspace.
    SecondToken,
}

impl Capability {
    /// Its word in a file.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::SecondToken => "second-token",
        }
    }
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// The file it stands in: the scenario's, or that of a fragment.
    pub file: SourceFile,
    /// Where it stands there.
    pub span: Span,
    /// Where the scenario has it: there, or where it names the fragment.
    pub place: Span,
    /// It is done only when all of these hold.
    pub conditions: Vec<Relation>,
    /// Whether it sends the second token.
    pub second_token: bool,
    /// What it does.
    pub kind: StepKind,
    /// How often.
    pub rounds: Rounds,
    /// Whether the call is made again until something holds.
    pub poll: Option<Poll>,
    /// The same call, otherwise in one thing, which must succeed for a refusal to mean anything.
    pub twin: Option<Call>,
    /// What the call must leave as it was.
    pub probe: Option<Check>,
    /// What each answer must be.
    pub checks: Vec<Check>,
    /// What later steps may use, by name.
    pub outputs: Vec<(String, Expression)>,
}

impl Step {
    /// All checks of the step: those on each page of a walk, those on the answer, the probe.
    pub fn all_checks(&self) -> impl Iterator<Item = &Check> {
        let each_page = match &self.kind {
            StepKind::Walk(walk) => &walk.each_page[..],
            StepKind::Call(_) => &[],
        };
        each_page.iter().chain(&self.checks).chain(&self.probe)
    }
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// Calls an operation.
    Call(Call),
    /// Pages through a list.
    Walk(Walk),
}

impl StepKind {
    /// The operation's id and its place.
    #[must_use]
    pub fn operation(&self) -> (&str, &Span) {
        match self {
            Self::Call(call) => (&call.operation, &call.operation_span),
            Self::Walk(walk) => (&walk.call.operation, &walk.call.operation_span),
        }
    }

    /// The call that is made, for a walk the one that every page repeats.
    #[must_use]
    pub fn call(&self) -> &Call {
        match self {
            Self::Call(call) => call,
            Self::Walk(walk) => &walk.call,
        }
    }
}

/// Makes a call again until something holds, within a limit.
#[derive(Clone, Debug)]
pub struct Poll {
    /// What must hold of an answer.
    pub until: Vec<Relation>,
    /// How long to wait between two calls.
    pub every: Duration,
    /// How many calls at most; the last one is judged.
    pub attempts: u64,
}

/// A call of an operation.
#[derive(Clone, Debug)]
pub struct Call {
    /// `operationId`
    pub operation: String,
    /// Where the id stands.
    pub operation_span: Span,
    /// Arguments, by parameter name, with the name's place.
    pub parameters: Vec<(String, Span, Template)>,
    /// The JSON body.
    pub body: Option<Template>,
    /// What is done to the request behind the contract's back.
    pub raw: Option<Raw>,
    /// The faults that happen meanwhile, by name. Only a mock can be asked for them, and then the SDK is what is judged.
    pub faults: Vec<String>,
}

/// Departures from the contract, for steps about the protocol itself. Such a step cannot go through an SDK.
#[derive(Clone, Debug, Default)]
pub struct Raw {
    /// In place of `Authorization: Bearer <token>`; an empty text sends no such field.
    pub authorization: Option<String>,
    /// In place of the operation's method.
    pub method: Option<String>,
    /// Appended to the path as it is.
    pub query: Option<String>,
    /// Set (or, when null, removed) after all others; names in lower case.
    pub headers: Vec<(String, Option<String>)>,
    /// Sent as it is.
    pub body: Option<Template>,
}

/// A walk through the pages of a list.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The first call; the walk sets the cursor.
    pub call: Call,
    /// Which way.
    pub direction: Direction,
    /// The object to begin at, which is itself not visited; none begins at the list's own beginning.
    pub from: Option<Template>,
    /// Stop when all of these ids were seen; without it the walk goes on while there is more.
    pub until: Option<Template>,
    /// What every single page must be.
    pub each_page: Vec<Check>,
}

/// Which way a walk goes through a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// In list order.
    Forward,
    /// Against list order; each page is still in list order.
    Backward,
}

/// How often a step is done.
#[derive(Clone, Debug)]
pub enum Rounds {
    /// Once; outputs are single values.
    Once,
    /// This many times; outputs are lists, `$index` counts from 0.
    Times(u64),
    /// Once per item of a list, in `$item`; outputs are lists.
    ForEach(Template),
}

/// One thing that must hold.
#[derive(Clone, Debug)]
pub struct Check {
    /// Where it stands.
    pub span: Span,
    /// The requirements that it tests, with their places.
    pub cites: Vec<(String, Span)>,
    /// Judge only answers with one of these statuses; empty for all.
    pub if_status: Vec<String>,
    /// Judge only when all of these hold.
    pub conditions: Vec<Relation>,
    /// What must hold.
    pub expectation: Expectation,
}

/// What must hold of an answer.
#[derive(Clone, Debug)]
pub enum Expectation {
    /// One of these statuses or classes (`404`, `4XX`).
    Status(Vec<String>),
    /// The body and media type are as the contract documents them for this operation and status.
    Documented,
    /// A value stands in a relation to another.
    Value(Relation),
    /// The object with this id is after the call as it was before. A probe only.
    Unchanged(Template),
    /// No object of the first page of the list has this text in it after the call. A probe only.
    Absent(Template),
}
