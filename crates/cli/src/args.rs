//! Arguments as they are typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// A stateful mock server and a conformance suite for REST APIs.
#[derive(Debug, Parser)]
#[command(name = "conformance", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Args {
    /// Use the suite in this folder instead of the built-in orq.ai Conversations API.
    #[arg(long, global = true, value_name = "DIR")]
    pub suite: Option<PathBuf>,
    /// When to use colours.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge a server: replay the scenarios against it. Without a URL, against a mock of its own.
    Run(Run),
    /// Stand in for the API: a mock server with real state, until Ctrl-C.
    Mock(Mock),
    /// Check that a suite is sound: schemas, requirements, scenarios, fixtures.
    Check,
}

/// `conformance run`
#[derive(Debug, clap::Args)]
pub struct Run {
    /// The server to judge, with the path that stands before the contract's paths, if any.
    #[arg(long, value_name = "URL", env = "CONFORMANCE_BASE_URL")]
    pub base_url: Option<String>,
    /// The bearer token to send.
    #[arg(long, value_name = "TOKEN", env = "CONFORMANCE_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Fail on broken SHOULDs too.
    #[arg(long)]
    pub deny_warnings: bool,
    /// Show each check, not only the failed ones.
    #[arg(short, long)]
    pub verbose: bool,
}

/// `conformance mock`
#[derive(Debug, clap::Args)]
pub struct Mock {
    /// The port to listen on; 0 picks a free one.
    #[arg(long, default_value_t = 4010)]
    pub port: u16,
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub host: String,
    /// Make ids and times repeatable: they follow from this number and the token.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Objects that each workspace starts from: a file, or the name of one that the suite ships.
    #[arg(long, value_name = "FILE")]
    pub fixtures: Option<String>,
    /// Refuse unknown query parameters and body properties instead of noting them.
    #[arg(long)]
    pub strict: bool,
    /// Let in this bearer token only; all others get a 401.
    #[arg(long, value_name = "TOKEN", env = "CONFORMANCE_TOKEN", hide_env_values = true)]
    pub require_token: Option<String>,
    /// No line per request.
    #[arg(short, long)]
    pub quiet: bool,
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
