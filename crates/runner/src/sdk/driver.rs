//! A driver's process: started, greeted, asked, and ended.

use std::collections::VecDeque;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::sdk::protocol::{Answered, Said, VERSION};

/// Lines of stderr that are kept, to be shown with a failure.
const KEPT: usize = 20;
/// A longer line is no line of the protocol.
const LONGEST: u64 = 16 * 1024 * 1024;
/// So much of a line of stderr is kept.
const KEPT_OF_A_LINE: usize = 300;
/// How long a driver may take to greet.
const GREETING: Duration = Duration::from_secs(30);

/// How a driver failed as a driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It cannot be started.
    NotStarted(String),
    /// It closed its stdout, or ended before it could be asked for anything.
    Died(String),
    /// Its process ended during a call.
    Ended(String),
    /// It broke call after call, and is not started again.
    GivenUp(String),
    /// It did not answer in time.
    Hung(String),
    /// It said something that is not of the protocol.
    Garbage(String),
    /// It speaks another version of the protocol, or lacks what it takes.
    Unfit(String),
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotStarted(reason) => write!(f, "the driver cannot be started: {reason}"),
            Self::Died(reason) => write!(f, "the driver died: {reason}"),
            Self::Ended(reason) => write!(f, "the process ended during the call: {reason}"),
            Self::GivenUp(reason) => write!(f, "the driver is not started again: {reason}"),
            Self::Hung(reason) => write!(f, "the driver hung: {reason}"),
            Self::Garbage(reason) => write!(f, "the driver broke the protocol: {reason}"),
            Self::Unfit(reason) => write!(f, "the driver is unfit: {reason}"),
        }
    }
}

/// Keeps the last lines of a driver's stderr.
async fn keep(stderr: ChildStderr, kept: Arc<Mutex<VecDeque<String>>>) {
    let mut stderr = BufReader::new(stderr);
    while let Ok(Some(line)) = line(&mut stderr, 64 * 1024).await {
        let line: String = String::from_utf8_lossy(&line).trim_end().chars().take(KEPT_OF_A_LINE).collect();
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(line);
    }
}

/// The next line with its end, or as much of it as may be; none at the end.
async fn line(from: &mut (impl AsyncBufRead + Unpin), most: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = from.take(most).read_until(b'\n', &mut line).await?;
    Ok((read > 0).then_some(line))
}

/// A line of the protocol; what it holds of JSON is read as bodies are.
fn parse(line: &[u8]) -> Result<Answered, String> {
    let value = conformance_json::parse(line).map_err(|error| error.to_string())?;
    serde_json::from_value(value).map_err(|error| error.to_string())
}

/// Where drivers come from.
#[derive(Debug)]
pub enum Drivers {
    /// A command, started again when it breaks.
    Command(Vec<String>),
    /// Whoever connects, such as a driver that was started in a debugger.
    Listener(TcpListener),
}

/// A driver that has greeted.
pub(crate) struct Driver {
    child: Option<Child>,
    stdin: Box<dyn AsyncWrite + Send + Unpin>,
    stdout: BufReader<Box<dyn AsyncRead + Send + Unpin>>,
    stderr: Arc<Mutex<VecDeque<String>>>,
    /// Reads its stderr to the end.
    stderr_task: Option<JoinHandle<()>>,
    /// What it said of itself.
    pub(crate) ready: Ready,
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("ready", &self.ready).finish_non_exhaustive()
    }
}

/// What a driver says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// The SDK that it drives.
    pub sdk: String,
    /// What it can.
    pub operations: Vec<String>,
    /// Whether the SDK tries again by itself.
    pub retries: bool,
}

impl Driver {
    /// Gets a driver and greets it. It has half a minute, or as long as it takes when nobody is in a hurry.
    pub(crate) async fn start(drivers: &Drivers, operations: &[String], hurry: bool) -> Result<Self, Broken> {
        let mut driver = match drivers {
            Drivers::Command(command) => Self::spawn(command, hurry)?,
            Drivers::Listener(listener) => {
                let accepted = listener.accept().await;
                let (stream, _) = accepted.map_err(|error| Broken::NotStarted(format!("nobody connects: {error}")))?;
                let (stdout, stdin) = stream.into_split();
                Self::over(Box::new(stdin), Box::new(stdout), None)
            }
        };
        let hello = Said::Hello { protocol: VERSION, operations: operations.iter().map(String::as_str).collect() };
        driver.ready = driver.greet(&hello, hurry.then_some(GREETING)).await.map_err(|broken| match broken {
            // Nothing was asked of the SDK yet.
            Broken::Ended(reason) => Broken::Died(reason),
            other => other,
        })?;
        Ok(driver)
    }

    fn over(
        stdin: Box<dyn AsyncWrite + Send + Unpin>,
        stdout: Box<dyn AsyncRead + Send + Unpin>,
        child: Option<Child>,
    ) -> Self {
        let stdout = BufReader::new(stdout);
        Self { child, stdin, stdout, stderr: Arc::default(), stderr_task: None, ready: Ready::default() }
    }

    /// Starts a driver. What it writes to stderr is kept; who looks on with a debugger sees it at once.
    fn spawn(command: &[String], hurry: bool) -> Result<Self, Broken> {
        let Some((program, arguments)) = command.split_first() else {
            return Err(Broken::NotStarted("no command was given".to_owned()));
        };
        let mut command = Command::new(program);
        command.args(arguments).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(if hurry { Stdio::piped() } else { Stdio::inherit() });
        let mut child = command.spawn().map_err(|error| Broken::NotStarted(format!("{program}: {error}")))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Broken::NotStarted(format!("{program} has no stdin or stdout")));
        };
        let stderr = child.stderr.take();
        let mut driver = Self::over(Box::new(stdin), Box::new(stdout), Some(child));
        driver.stderr_task = stderr.map(|stderr| tokio::spawn(keep(stderr, driver.stderr.clone())));
        Ok(driver)
    }

    async fn greet(&mut self, hello: &Said<'_>, within: Option<Duration>) -> Result<Ready, Broken> {
        self.say(hello).await?;
        match self.answer(within).await? {
            Answered::Ready { protocol, .. } if protocol != VERSION => {
                let message = format!("it speaks version {protocol} of the protocol; this program speaks {VERSION}");
                Err(Broken::Unfit(message))
            }
            Answered::Ready { operations, .. } if !operations.iter().any(|one| hello.names(one)) => {
                Err(Broken::Unfit("it can call none of the operations of the contract".to_owned()))
            }
            Answered::Ready { sdk, operations, retries, .. } => {
                let sdk = sdk.chars().filter(|c| !c.is_control()).take(100).collect();
                Ok(Ready { sdk, operations, retries })
            }
            Answered::Result { .. } => {
                Err(Broken::Garbage("it answered `hello` with a result; `ready` was expected".to_owned()))
            }
        }
    }

    /// Says a line.
    pub(crate) async fn say(&mut self, said: &Said<'_>) -> Result<(), Broken> {
        let line = serde_json::to_string(said).map_err(|error| Broken::Garbage(error.to_string()))?;
        let line = conformance_json::write::restore(line) + "\n";
        let written = async {
            self.stdin.write_all(line.as_bytes()).await?;
            self.stdin.flush().await
        };
        match written.await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.died().await),
        }
    }

    /// The next line, within a time, if there is one.
    pub(crate) async fn answer(&mut self, within: Option<Duration>) -> Result<Answered, Broken> {
        let line = line(&mut self.stdout, LONGEST);
        let line = match within {
            Some(within) => timeout(within, line).await.map_err(|_| within),
            None => Ok(line.await),
        };
        match line {
            Err(within) => {
                Err(Broken::Hung(format!("no answer within {} s{}", within.as_secs_f64(), self.last_words())))
            }
            Ok(Ok(Some(line))) if !line.ends_with(b"\n") && line.len() as u64 >= LONGEST => {
                Err(Broken::Garbage(format!("a line is longer than {LONGEST} bytes")))
            }
            Ok(Ok(Some(line))) => parse(&line).map_err(|error| {
                let shown: String = String::from_utf8_lossy(&line).trim_end().chars().take(KEPT_OF_A_LINE).collect();
                let help = "stdout is for the protocol alone, logs go to stderr";
                Broken::Garbage(format!("{error}, in the line {shown:?}; {help}{}", self.last_words()))
            }),
            Ok(Ok(None)) => Err(self.died().await),
            Ok(Err(error)) => Err(Broken::Garbage(format!("its stdout cannot be read: {error}"))),
        }
    }

    async fn died(&mut self) -> Broken {
        let ended = match &mut self.child {
            Some(child) => timeout(Duration::from_secs(2), child.wait()).await.ok().and_then(Result::ok),
            None => None,
        };
        // What it wrote at the very end may not have been read yet.
        if let (Some(_), Some(task)) = (ended, &mut self.stderr_task) {
            let _ = timeout(Duration::from_millis(500), task).await;
        }
        match ended {
            Some(status) => Broken::Ended(format!("it ended with {status}{}", self.last_words())),
            None => Broken::Died(format!("it closed its stdout{}", self.last_words())),
        }
    }

    /// What it wrote to stderr last.
    fn last_words(&self) -> String {
        let kept = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_empty() {
            return String::new();
        }
        format!("; its stderr ends with: {}", kept.iter().cloned().collect::<Vec<_>>().join(" ⏎ "))
    }

    /// Lets it end by itself, for a while.
    pub(crate) async fn end(self) {
        let Self { child, mut stdin, .. } = self;
        let _ = stdin.shutdown().await;
        drop(stdin);
        if let Some(mut child) = child {
            let _ = timeout(Duration::from_secs(5), child.wait()).await;
        }
    }
}
