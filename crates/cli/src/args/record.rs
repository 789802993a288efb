//! `conformance record`

use std::path::PathBuf;

use super::shared::Telling;

/// `conformance record`
#[derive(Debug, clap::Args)]
pub struct Record {
    /// The document (2.0 to 3.2, JSON or YAML), or the one in this folder, in place of a suite.
    #[arg(long, value_name = "FILE", conflicts_with = "suite")]
    pub openapi: Option<PathBuf>,
    /// The real server: what clients send here is passed on to it, until Ctrl-C. With `--har`, only what was sent there counts.
    #[arg(long, value_name = "URL", env = "CONFORMANCE_BASE_URL", required_unless_present = "har")]
    pub base_url: Option<String>,
    /// Read what a browser exported (HTTP Archive) in place of listening.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["port", "host"])]
    pub har: Option<PathBuf>,
    /// Write what was done as a scenario to this file.
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Write the objects that were there before to this file, for `mock --fixtures`.
    #[arg(long, value_name = "FILE")]
    pub fixtures: Option<PathBuf>,
    /// What the scenario shows, in one line.
    #[arg(long, value_name = "TEXT", default_value = "What a client did")]
    pub summary: String,
    /// The port to listen on; 0 picks a free one.
    #[arg(long, default_value_t = 4010)]
    pub port: u16,
    /// The address to listen on; `localhost` is both 127.0.0.1 and ::1.
    #[arg(long, default_value = "localhost", value_name = "ADDRESS")]
    pub host: String,
    /// Let pages of this origin call, too, or those of `any`: pages of this machine may anyway. May be given several times.
    #[arg(long = "cors-origin", value_name = "ORIGIN", value_parser = super::values::origin)]
    pub cors_origins: Vec<String>,
    #[command(flatten)]
    pub telling: Telling,
}
