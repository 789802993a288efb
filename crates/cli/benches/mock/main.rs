//! What the mock costs: `cargo bench -p api-conformance --bench mock`. Linux, with `wrk`.
//!
//! It is measured beside a server of the same library that does nothing, turn by turn, so that whatever else the machine
//! does meets both; printed are tables of ratios.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bare_server;
mod load;
mod server;

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::{Parser, Subcommand};
use tempfile::TempDir;

use crate::load::{Load, Measured};
use crate::server::Server;

/// What went wrong, in words.
type Failed = Box<dyn Error + Send + Sync>;

const PATH: &str = "/v2/conversations";

/// Measures `conformance mock` beside a bare hyper server.
#[derive(Debug, Parser)]
struct Args {
    /// The command to measure
    #[arg(long, value_name = "FILE", default_value = env!("CARGO_BIN_EXE_conformance"))]
    conformance: PathBuf,
    /// How often both are measured in turn
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// For how long each time
    #[arg(long, default_value_t = 2)]
    seconds: u32,
    /// What cargo says to every bench
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    command: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serve the bytes of a file, whatever is asked
    #[command(hide = true)]
    Bare {
        /// The status
        status: u16,
        /// The file
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match &args.command {
        Some(Verb::Bare { status, file }) => bare_server::serve(*status, file, |url| println!("{url}")),
        None => Bench::new(&args).and_then(|bench| bench.run()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What is measured, and how.
#[derive(Debug)]
struct Bench {
    own: PathBuf,
    conformance: PathBuf,
    rounds: u32,
    seconds: u32,
    folder: TempDir,
}

impl Bench {
    fn new(args: &Args) -> Result<Self, Failed> {
        let (own, conformance) = (env::current_exe()?, args.conformance.clone());
        Ok(Self { own, conformance, rounds: args.rounds, seconds: args.seconds, folder: TempDir::new()? })
    }

    fn run(&self) -> Result<(), Failed> {
        println!("## Requests, as a share of a bare hyper server\n");
        println!("| | requests | spread | its CPU time | bare | mock |\n|---|---|---|---|---|---|");
        for (log, flags) in [("no log", &["--quiet"][..]), ("log in a file", &[])] {
            let mock = self.mock(flags)?;
            let id = mock.connect()?.create(PATH, 1000)?;
            self.compare(&format!("retrieve, {log}"), &mock, &get(&format!("{PATH}/{id}"), 32))?;
            self.compare(&format!("list of 10, {log}"), &mock, &get(&format!("{PATH}?limit=10"), 32))?;
            self.compare(&format!("create, {log}"), &mock, &create(32))?;
        }
        for connections in [2, 256] {
            let mock = self.mock(&["--quiet"])?;
            let id = mock.connect()?.create(PATH, 1000)?;
            self.compare(
                &format!("retrieve, {connections} connections"),
                &mock,
                &get(&format!("{PATH}/{id}"), connections),
            )?;
        }
        self.growth()?;
        self.start()
    }

    /// A mock; what it logs goes to a file.
    fn mock(&self, flags: &[&str]) -> Result<Server, Failed> {
        let log = File::create(self.folder.path().join("log"))?;
        Server::start(Command::new(&self.conformance).args(["mock", "--port", "0"]).args(flags).stderr(log))
    }

    /// A server that answers with this status and body.
    fn bare(&self, status: u16, body: &[u8]) -> Result<Server, Failed> {
        let file = self.folder.path().join("body");
        fs::write(&file, body)?;
        Server::start(Command::new(&self.own).arg("bare").arg(status.to_string()).arg(file).stderr(Stdio::null()))
    }

    /// Prints a row: a mock under a load, as a share of a bare server that answers the same under the same.
    fn compare(&self, name: &str, mock: &Server, load: &Load) -> Result<(), Failed> {
        let (status, body) = mock.connect()?.send(load.method, &load.target, load.body)?;
        let bare = self.bare(status, &body)?;
        let folder: &Path = self.folder.path();
        let mut rounds: Vec<(Measured, Measured)> = Vec::new();
        for _ in 0..self.rounds {
            let pair = (load.on(&bare, self.seconds, folder)?, load.on(mock, self.seconds, folder)?);
            rounds.push(pair);
            if load.method == "POST" {
                mock.connect()?.ask("POST", "/__conformance/reset", "")?;
            }
        }
        let rates = sorted(rounds.iter().map(|(bare, mock)| mock.rate / bare.rate));
        let cpu = median(rounds.iter().map(|(bare, mock)| mock.cpu / bare.cpu));
        let told = |of: fn(&(Measured, Measured)) -> Measured| {
            let (rate, cpu) =
                (median(rounds.iter().map(|pair| of(pair).rate)), median(rounds.iter().map(|pair| of(pair).cpu)));
            format!("{rate:.0}/s, {cpu:.1} µs")
        };
        let (low, high) = (rates.first().copied().unwrap_or(0.0), rates.last().copied().unwrap_or(0.0));
        let share = median(rates.iter().copied());
        println!(
            "| {name} | {share:.2} | {low:.2} to {high:.2} | {cpu:.2} × | {} | {} |",
            told(|(bare, _)| *bare),
            told(|(_, mock)| *mock)
        );
        Ok(())
    }

    /// What the number of objects costs.
    fn growth(&self) -> Result<(), Failed> {
        println!(
            "\n## Objects\n\n| objects | list at the deepest cursor | retrieve | memory for each |\n|---|---|---|---|"
        );
        for count in [1_000, 90_000] {
            let mock = self.mock(&["--quiet"])?;
            let before = mock.memory()?;
            // The first created is the last in the list.
            let id = mock.connect()?.create(PATH, count)?;
            let each = mock.memory()?.saturating_sub(before) / u64::from(count);
            let page = get(&format!("{PATH}?limit=10&ending_before={id}"), 32);
            let median_of = |load: &Load| -> Result<f64, Failed> {
                let rounds = (0..self.rounds).map(|_| Ok(load.on(&mock, self.seconds, self.folder.path())?.cpu));
                Ok(median(rounds.collect::<Result<Vec<f64>, Failed>>()?.into_iter()))
            };
            let (list, retrieve) = (median_of(&page)?, median_of(&get(&format!("{PATH}/{id}"), 32))?);
            println!("| {count} | {list:.1} µs | {retrieve:.1} µs | {each} bytes |");
        }
        Ok(())
    }

    /// How long the first response takes, and what a mock holds that nobody uses.
    fn start(&self) -> Result<(), Failed> {
        let (mut mock, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..self.rounds.max(10) {
            bare.push(self.bare(200, b"{}")?.first_response.as_secs_f64() * 1e3);
            mock.push(self.mock(&["--quiet"])?.first_response.as_secs_f64() * 1e3);
        }
        let (mock, bare) = (median(mock.into_iter()), median(bare.into_iter()));
        let (idle, binary) = (self.mock(&["--quiet"])?.memory()?, fs::metadata(&self.conformance)?.len());
        println!("\n## Start\n\n| | |\n|---|---|");
        println!("| first response | {mock:.1} ms; bare hyper {bare:.1} ms |");
        println!("| idle memory | {:.1} MB |", megabytes(idle));
        println!("| binary | {:.1} MB |", megabytes(binary));
        Ok(())
    }
}

fn get(target: &str, connections: u32) -> Load {
    Load { method: "GET", target: target.to_owned(), body: "", connections }
}

fn create(connections: u32) -> Load {
    Load { method: "POST", target: PATH.to_owned(), body: r#"{"displayName":"A conversation"}"#, connections }
}

#[expect(clippy::cast_precision_loss, reason = "told to one digit")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut all: Vec<f64> = values.collect();
    all.sort_by(f64::total_cmp);
    all
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let all = sorted(values);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}
