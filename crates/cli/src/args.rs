//! Arguments as they are typed.

mod record;
mod shared;
mod values;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

pub use record::Record;
pub use shared::{Choice, ClientVerdicts, Color, Format, Report, ReportKind, Server, Telling, Verdicts};

/// A stateful mock server and a conformance suite for REST APIs.
#[derive(Debug, Parser)]
#[command(name = "conformance", version, max_term_width = 100)]
pub struct Args {
    /// Use the suite in this folder instead of the built-in one.
    #[arg(long, global = true, value_name = "DIR")]
    pub suite: Option<PathBuf>,
    /// When to use colours.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Verify a server: replay the scenarios against it. Without a URL, against an embedded mock.
    Run(Box<Run>),
    /// Mock the API: a stateful server, until Ctrl-C.
    Mock(Mock),
    /// Verify a client: run its tests against a mock of their own, and check every request.
    Exec(Exec),
    /// Verify an SDK: replay the scenarios through it, with a driver.
    Sdk(Sdk),
    /// Accept pending snapshots as baselines.
    Accept(Accept),
    /// Walk through pending snapshots: accept, reject or skip each.
    Review(Accept),
    /// Verify a recording again, without the network.
    Judge(Judge),
    /// Write down what a client does at a real server, verified on the way: as a scenario, and as fixtures.
    Record(Record),
    /// Remove what killed runs left over on a server.
    Sweep(Sweep),
    /// Test the suite itself: does it notice seeded faults?
    Mutate(Mutate),
    /// Check that a suite is sound; with `--openapi`, show what was concluded from a document, and from what.
    Check(Check),
    /// Write a suite to a folder, to start one's own from: the built-in one, or with `--openapi` that of a document.
    Init(Init),
    /// Print the contract as one OpenAPI document, without files beside it: for generators of clients.
    Bundle,
    /// List what a suite requires, and what tests it; with `--openapi`, the operations of a document and what would be checked.
    List(List),
    /// Explain a requirement: what, why, from which source, and what tests it; with `--openapi`, an operation.
    Explain(Explain),
    /// Print the JSON Schema of a kind of file, for editors.
    Schema(Schema),
    /// Print the completions of a shell.
    Completions(Completions),
    /// Print the manual.
    Man,
}

/// `conformance run`
#[derive(Debug, clap::Args)]
pub struct Run {
    /// Verify against any OpenAPI document (2.0 to 3.2, JSON or YAML), or the one in this folder, in place of a suite.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["suite", "keep_on_failure"])]
    pub openapi: Option<PathBuf>,
    /// With `--openapi`: create also what the document has no way to delete.
    #[arg(long, requires = "openapi")]
    pub allow_leftovers: bool,
    /// With `--openapi`: call this action (its operationId) on objects of the run's own, whatever it does. May be given
    /// several times.
    #[arg(long = "allow", value_name = "OPERATION", requires = "openapi")]
    pub allow: Vec<String>,
    /// With `--openapi`: the value of a path parameter, such as `owner=me`. May be given several times.
    #[arg(long = "with", value_name = "NAME=VALUE", value_parser = values::variable, requires = "openapi")]
    pub with: Vec<(String, String)>,
    #[command(flatten)]
    pub server: Server,
    #[command(flatten)]
    pub choice: Choice,
    #[command(flatten)]
    pub verdicts: Verdicts,
    #[command(flatten)]
    pub telling: Telling,
    /// Only the scenarios that failed in the last run against this target.
    #[arg(long, conflicts_with = "only")]
    pub last_failed: bool,
    /// Scenarios at a time.
    #[arg(short, long, default_value_t = 4, value_name = "N", value_parser = values::at_least_one)]
    pub jobs: usize,
    /// Send nothing that could change anything; what needs it is not applicable.
    #[arg(long)]
    pub read_only: bool,
    /// Leave what a failed scenario created, to look at.
    #[arg(long)]
    pub keep_on_failure: bool,
    /// Print what would be sent, and send nothing.
    #[arg(long)]
    pub plan: bool,
    /// Where snapshots of the target's behaviour are kept; for the embedded mock, those of the suite. With `--openapi` there are
    /// none unless a folder is named.
    #[arg(long, value_name = "DIR")]
    pub snapshots: Option<PathBuf>,
    /// The target's name among the snapshots; the host, or `mock` for the embedded one.
    #[arg(long, value_name = "NAME")]
    pub target: Option<String>,
    /// Fail when a scenario has no snapshot to compare with.
    #[arg(long)]
    pub require_snapshots: bool,
    /// Write every exchange to this file, for `conformance judge`.
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Write a script of curl and jq for each scenario that failed, to this folder.
    #[arg(long, value_name = "DIR")]
    pub scripts: Option<PathBuf>,
}

/// `conformance init`
#[derive(Debug, clap::Args)]
pub struct Init {
    /// Write what follows from any OpenAPI document (2.0 to 3.2, JSON or YAML): the document as it is, an overlay with what was
    /// concluded from it, requirements and scenarios. All of it is to be read and edited.
    #[arg(long, value_name = "FILE", conflicts_with = "suite")]
    pub openapi: Option<PathBuf>,
    /// The folder: a new one, or one that is empty. With `--openapi` it is called like the document when none is named.
    #[arg(value_name = "DIR", required_unless_present_any = ["dir", "openapi"])]
    pub folder: Option<PathBuf>,
    /// The same.
    #[arg(long, value_name = "DIR", conflicts_with = "folder")]
    pub dir: Option<PathBuf>,
}

/// `conformance exec`
#[derive(Debug, clap::Args)]
pub struct Exec {
    /// Mock any OpenAPI document (2.0 to 3.2, JSON or YAML), or the one in this folder, and check by it what the command sends.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["suite", "fixtures"])]
    pub openapi: Option<PathBuf>,
    /// The command, and its arguments, after `--`.
    #[arg(required = true, trailing_var_arg = true, value_name = "CMD")]
    pub command: Vec<String>,
    /// Set a variable in the command's environment; `{url}` and `{token}` stand for the mock's. May be given several times.
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = values::variable)]
    pub variables: Vec<(String, String)>,
    #[command(flatten)]
    pub client: ClientVerdicts,
    /// Fail on what tests sent and were refused, too.
    #[arg(long)]
    pub deny_warnings: bool,
    /// Make ids and times repeatable: they follow from this number and the token.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Objects that each workspace starts from: a file, or the name of one that the suite ships.
    #[arg(long, value_name = "FILE")]
    pub fixtures: Option<String>,
    /// Let this go wrong: a fault of `fixtures/faults`. May be given several times.
    #[arg(long = "fault", value_name = "NAME")]
    pub faults: Vec<String>,
    #[command(flatten)]
    pub telling: Telling,
}

/// `conformance sdk`
#[derive(Debug, clap::Args)]
pub struct Sdk {
    /// The driver, and its arguments, after `--`.
    #[arg(required_unless_present = "attach", trailing_var_arg = true, value_name = "DRIVER")]
    pub driver: Vec<String>,
    #[command(flatten)]
    pub choice: Choice,
    #[command(flatten)]
    pub verdicts: Verdicts,
    /// Only greet the driver, and make one call of each operation.
    #[arg(long)]
    pub check: bool,
    /// This kind of finding is excused, such as `lost-member`. May be given several times.
    #[arg(long = "allow", value_name = "CODE", value_parser = values::sdk_code)]
    pub allowed: Vec<conformance_runner::sdk::Code>,
    /// Be in no hurry, for a driver in a debugger; without a DRIVER, wait for one that connects.
    #[arg(long, conflicts_with = "timeout")]
    pub attach: bool,
    /// How long a call may take, in seconds.
    #[arg(long, default_value_t = 10.0, value_name = "SECONDS")]
    pub timeout: f64,
    /// Let this go wrong on the way: a fault of `fixtures/faults`. May be given several times.
    #[arg(long = "fault", value_name = "NAME")]
    pub faults: Vec<String>,
    #[command(flatten)]
    pub telling: Telling,
}

/// `conformance schema`
#[derive(Debug, clap::Args)]
pub struct Schema {
    /// The kind of file.
    #[arg(value_enum, value_name = "KIND")]
    pub kind: FileKind,
}

/// A kind of file whose format is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FileKind {
    /// A scenario: `fixtures/scenarios/AREA/NAME.yaml`, `scenarios/AREA/NAME.yaml` beside a document.
    Scenario,
    /// Steps that scenarios share: `fixtures/fragments/NAME.yaml`.
    Fragment,
    /// What an API must do: `schemas/requirements.yaml`, `requirements.yaml` beside a document.
    Requirements,
    /// What an OpenAPI document means: `overlay.yaml` beside it.
    Overlay,
    /// What goes wrong: `fixtures/faults/NAME.yaml`.
    Faults,
    /// Failures that are excused: `run --known-failures FILE`.
    KnownFailures,
    /// A line of a recording: `run --record FILE`.
    Recording,
    /// A report: `run --report json`.
    Report,
    /// A message between `sdk` and a driver.
    Driver,
}

/// `conformance completions`
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell.
    pub shell: clap_complete::Shell,
}

/// `conformance accept` and `conformance review`
#[derive(Debug, clap::Args)]
pub struct Accept {
    /// Targets, areas or scenarios; all that is pending, when none is named.
    pub names: Vec<String>,
    /// Where the snapshots are kept.
    #[arg(long, value_name = "DIR", default_value = "snapshots")]
    pub snapshots: PathBuf,
}

/// `conformance judge`
#[derive(Debug, clap::Args)]
pub struct Judge {
    /// A recording, as `run --record` and `mock --record` write it.
    pub file: PathBuf,
    /// It was recorded by `run --openapi`, with this document or the one in this folder.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["suite", "allowed", "min_coverage", "only"])]
    pub openapi: Option<PathBuf>,
    #[command(flatten)]
    pub choice: Choice,
    #[command(flatten)]
    pub verdicts: Verdicts,
    #[command(flatten)]
    pub client: ClientVerdicts,
    #[command(flatten)]
    pub telling: Telling,
}

/// `conformance sweep`
#[derive(Debug, clap::Args)]
pub struct Sweep {
    #[command(flatten)]
    pub server: Server,
    /// Sweep up after runs against this OpenAPI document instead.
    #[arg(long, value_name = "PATH")]
    pub openapi: Option<PathBuf>,
    /// Delete also what only looks like ours: the same body, made at the same time, without the run's marker.
    #[arg(long)]
    pub yes: bool,
}

/// `conformance mutate`
#[derive(Debug, clap::Args)]
pub struct Mutate {
    /// Break a mock of any OpenAPI document (2.0 to 3.2, JSON or YAML), or the one in this folder, and see whether `run` notices.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["suite", "without"])]
    pub openapi: Option<PathBuf>,
    #[command(flatten)]
    pub server: Server,
    /// Only this fault. May be given several times.
    #[arg(long = "fault", value_name = "NAME")]
    pub faults: Vec<String>,
    /// Leave out all scenarios that test this requirement, and try the faults that break it: the proof must fail then.
    /// May be given several times.
    #[arg(long, value_name = "REQUIREMENT")]
    pub without: Vec<String>,
    /// Faults at a time.
    #[arg(short, long, default_value_t = 4, value_name = "N", value_parser = values::at_least_one)]
    pub jobs: usize,
    /// How to write the kill matrix.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: MatrixFormat,
}

/// How to write a kill matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MatrixFormat {
    /// A line per fault, as it is tried, and the numbers.
    #[default]
    Text,
    /// For programs.
    Json,
    /// A table, for documents.
    Markdown,
}

/// `conformance check`
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Any OpenAPI document (2.0 to 3.2, JSON or YAML), or the one in this folder: what it means to `mock` and `run`.
    #[arg(long, value_name = "FILE", conflicts_with = "suite")]
    pub openapi: Option<PathBuf>,
    /// With `--openapi`: how to write it.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", requires = "openapi")]
    pub format: Format,
}

/// `conformance list`
#[derive(Debug, clap::Args)]
pub struct List {
    /// Only this area: what stands before the dot of an id; with `--openapi`, the beginning of a path or an operation's id;
    /// or `faults`, for what can be made to go wrong.
    pub area: Option<String>,
    /// Any OpenAPI document (2.0 to 3.2, JSON or YAML), or the one in this folder: its operations, and what `run` would check.
    #[arg(long, value_name = "FILE", conflicts_with = "suite")]
    pub openapi: Option<PathBuf>,
    /// How to write it.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: ListFormat,
}

/// How to write a list.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum ListFormat {
    /// A line per requirement.
    #[default]
    Text,
    /// For programs.
    Json,
    /// Tables, for documents.
    Markdown,
}

/// `conformance explain`
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The requirement, or the code of a finding; with `--openapi`, the operation: its id, or `"GET /path"`.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Any OpenAPI document (2.0 to 3.2, JSON or YAML), or the one in this folder: what was concluded of an operation, and why.
    #[arg(long, value_name = "FILE", conflicts_with = "suite")]
    pub openapi: Option<PathBuf>,
    /// With `--openapi`: how to write it.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", requires = "openapi")]
    pub format: Format,
}

/// What becomes of an id that nobody has made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum UnknownIds {
    /// A 404 where it looks like one of this mock's own, or where the mock began with objects (`--populate`, `--fixtures`); anything else is
    /// answered with the document's example.
    #[default]
    Auto,
    /// The document's example, under that id.
    Make,
    /// A 404.
    Reject,
}

/// `conformance mock`
#[derive(Clone, Debug, clap::Args)]
pub struct Mock {
    /// Mock any OpenAPI document (2.0 to 3.2, JSON or YAML), or the one in this folder, in place of a suite.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["suite", "strict"])]
    pub openapi: Option<PathBuf>,
    /// With `--openapi`: what becomes of an id that nobody has made.
    #[arg(long, value_enum, default_value_t, value_name = "HOW", requires = "openapi")]
    pub unknown_ids: UnknownIds,
    /// The port to listen on; 0 picks a free one.
    #[arg(long, default_value_t = 4010)]
    pub port: u16,
    /// The address to listen on; `localhost` is both 127.0.0.1 and ::1.
    #[arg(long, default_value = "localhost", value_name = "ADDRESS")]
    pub host: String,
    /// Speak HTTPS, with a certificate that is made here; the log says which file to trust.
    #[arg(long)]
    pub tls: bool,
    /// Speak HTTPS with this certificate (PEM), followed by those that vouch for it.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of `--tls-cert` (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Make ids and times repeatable: they follow from this number and the token.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Objects that each workspace starts from: a file, or the name of one that the suite ships; with `--openapi`, `examples` are those
    /// that the document shows. Ids and times may be left out.
    #[arg(long, value_name = "FILE")]
    pub fixtures: Option<String>,
    /// Let each workspace begin with so many plausible objects of each kind, and some below each: people, titles, dates in order; names
    /// in several scripts, the shortest and the longest.
    #[arg(long, value_name = "N", conflicts_with = "fixtures", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub populate: Option<u16>,
    /// Refuse unknown query parameters and body properties instead of noting them.
    #[arg(long)]
    pub strict: bool,
    /// Let in this bearer token only; all others get a 401.
    #[arg(long, value_name = "TOKEN")]
    pub require_token: Option<String>,
    /// Let this go wrong: a fault of `fixtures/faults`. May be given several times.
    #[arg(long = "fault", value_name = "NAME")]
    pub faults: Vec<String>,
    /// Keep each answer back for so long: `200ms`, or anything between `50ms..200ms`.
    #[arg(long, value_name = "TIME", value_parser = values::latency)]
    pub latency: Option<(Duration, Duration)>,
    /// Write every request and its answer to this file, for `conformance judge`.
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// How many connections may be open. Idle ones make room for new ones, the oldest first.
    #[arg(long, default_value = "1024", value_name = "N")]
    pub max_connections: NonZeroU32,
    /// How many workspaces are kept. The least recently used one makes room for a new one.
    #[arg(long, default_value = "10000", value_name = "N")]
    pub max_workspaces: NonZeroU32,
    /// How many objects a workspace may hold. Each takes memory, some two kilobytes of a suite like the built-in one.
    #[arg(long, default_value = "10000000", value_name = "N")]
    pub max_objects: NonZeroU32,
    /// Let requests ask for a fault with the header field `Conformance-Fault: NAME`.
    #[arg(long)]
    pub fault_header: bool,
    /// Let whoever sends this token use the control API, from anywhere; without it, only this machine may.
    #[arg(long, env = "CONFORMANCE_CONTROL_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub control_token: Option<String>,
    /// Let pages of this origin call, too, or those of `any`: pages of this machine may anyway. May be given several times.
    #[arg(long = "cors-origin", value_name = "ORIGIN", value_parser = values::origin)]
    pub cors_origins: Vec<String>,
    /// Keep what is created in this file: read at start, written after changes and at the end.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Ask this server for what the contract does not know; its responses bear `Conformance-Fallback`.
    #[arg(long, value_name = "URL")]
    pub fallback: Option<String>,
    /// With `--fallback`: ask it for this operation, too, instead of mocking it. May be given several times.
    #[arg(long = "pass", value_name = "OPERATION", requires = "fallback")]
    pub passed: Vec<String>,
    /// Follow changes of the document (or of its folder, or of `--suite`): what is mocked changes at once, and objects stay.
    #[arg(long)]
    pub watch: bool,
    /// No line per request.
    #[arg(short, long)]
    pub quiet: bool,
}
