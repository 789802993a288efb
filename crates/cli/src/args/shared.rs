//! Flags that several verbs share.

use std::path::PathBuf;

use clap::ValueEnum;
use conformance_report::Verbosity;

use super::values;

/// A server, and how to speak to it.
#[derive(Debug, clap::Args)]
pub struct Server {
    /// The server's URL, with the path that stands before the contract's paths, if any.
    #[arg(long, value_name = "URL", env = "CONFORMANCE_BASE_URL")]
    pub base_url: Option<String>,
    /// The credential to send: a bearer token; with `--openapi` what the document wants, such as a key or `user:password`.
    #[arg(long, value_name = "TOKEN", env = "CONFORMANCE_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// A token of another workspace, for what must not be seen from there.
    #[arg(long, value_name = "TOKEN", env = "CONFORMANCE_SECOND_TOKEN", hide_env_values = true)]
    pub second_token: Option<String>,
    /// A header field for every request: `Name: value`. May be given several times.
    #[arg(long = "header", value_name = "FIELD")]
    pub headers: Vec<String>,
    /// How long an answer may take, in seconds.
    #[arg(long, default_value_t = 30.0, value_name = "SECONDS")]
    pub timeout: f64,
    /// Requests per second, at most.
    #[arg(long, value_name = "N")]
    pub max_rps: Option<f64>,
    /// Speak HTTP/2 without asking; on https it is negotiated anyway.
    #[arg(long)]
    pub http2: bool,
    /// Trust the certificates in this PEM file as well as the system's.
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<PathBuf>,
    /// Accept any certificate on https: for servers of your own.
    #[arg(long, conflicts_with = "cacert")]
    pub insecure: bool,
}

/// What to replay.
#[derive(Debug, clap::Args)]
pub struct Choice {
    /// Only this area, scenario, requirement, or step (`pages/forward:12`, any line of it). May be given several times.
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
}

/// What to make of the verdicts.
#[derive(Debug, clap::Args)]
pub struct Verdicts {
    /// Fail on broken SHOULDs too.
    #[arg(long)]
    pub deny_warnings: bool,
    /// A list of failures that are known and excused; one that is not true any more fails the run.
    #[arg(long, value_name = "FILE")]
    pub known_failures: Option<PathBuf>,
}

/// What to make of what a client sent.
#[derive(Debug, clap::Args)]
pub struct ClientVerdicts {
    /// This kind of finding is no mistake, such as `unknown-property`. May be given several times.
    #[arg(long = "allow", value_name = "CODE", value_parser = values::code)]
    pub allowed: Vec<conformance_record::Code>,
    /// Fail when less of the contract (operations, parameters, documented statuses) was exercised.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub min_coverage: Option<u8>,
}

/// How a run is told.
#[derive(Debug, clap::Args)]
pub struct Telling {
    /// Show each check, not only the failed ones.
    #[arg(short, long)]
    pub verbose: bool,
    /// Show only what went wrong, and the numbers.
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// How to write to stdout.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Write a report, too: `junit=FILE`, `json=FILE`, `html=FILE`, `markdown=FILE` or `github`. May be given several
    /// times; without a file it goes to stdout.
    #[arg(long = "report", value_name = "KIND[=FILE]", value_parser = values::report)]
    pub reports: Vec<Report>,
    /// Show this kill matrix in the HTML report, as `mutate --format json` writes it.
    #[arg(long, value_name = "FILE")]
    pub kill_matrix: Option<PathBuf>,
}

impl Telling {
    /// How much is told.
    pub const fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        }
    }
}

/// How to write to stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// A report, and where it goes.
#[derive(Clone, Debug)]
pub struct Report {
    pub kind: ReportKind,
    /// None is stdout.
    pub file: Option<PathBuf>,
}

/// What kind of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportKind {
    Junit,
    Json,
    Html,
    Markdown,
    Github,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Sets the choice for everything that is printed from now on.
    pub fn apply(self) {
        let choice = match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}
