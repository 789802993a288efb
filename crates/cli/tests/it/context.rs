//! What the tests share: the binary, a running mock, a copy of the suite to edit.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// The root of the repository, which is a suite.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The command, with nothing of the caller's environment that could change what it does.
pub fn conformance() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conformance"));
    command.current_dir(root()).env("CONFORMANCE_STATE_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/state"));
    let own = ["CONFORMANCE_BASE_URL", "CONFORMANCE_TOKEN", "CONFORMANCE_CONTROL_TOKEN"];
    for name in own.into_iter().chain(["CI", "INSTA_UPDATE", "NO_COLOR", "CLICOLOR_FORCE"]) {
        command.env_remove(name);
    }
    // The tests run in the repository, where snapshots of their targets have no business.
    command.env("INSTA_UPDATE", "no");
    command
}

/// For how long a command that should end is waited for. Only one that never ends takes as long.
const PATIENCE: Duration = Duration::from_secs(300);

/// Runs the command to its end.
pub fn run(args: &[&str]) -> Output {
    let mut command = conformance();
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let id = child.id().to_string();
    let (sender, ended) = mpsc::channel();
    let waiting = std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = ended.recv_timeout(PATIENCE) else {
        Command::new("kill").args(["-KILL", &id]).status().unwrap();
        waiting.join().unwrap().unwrap();
        let output = ended.recv().unwrap().unwrap();
        panic!("conformance {args:?} did not end:\n{}{}", stdout(&output), stderr(&output));
    };
    output.unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A `conformance mock` on a free port, stopped when dropped.
pub struct MockServer {
    pub url: String,
    pub child: Child,
    /// The lines that it writes to stderr, read all the while: a full pipe would make it wait.
    said: Mutex<mpsc::Receiver<String>>,
}

impl MockServer {
    pub fn start(args: &[&str]) -> Self {
        Self::start_as("mock", args)
    }

    /// Another verb that serves.
    pub fn start_as(verb: &str, args: &[&str]) -> Self {
        let mut command = conformance();
        command.arg(verb).args(["--port", "0"]).args(args);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        if url.is_empty() {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("the mock did not start:\n{said}");
        }
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, said) = mpsc::channel();
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { url: url.trim().to_owned(), child, said: Mutex::new(said) }
    }

    /// Interrupts it; answers its exit code and all that it wrote to stderr.
    pub fn interrupt(mut self) -> (Option<i32>, String) {
        signal(&self.child, "INT");
        let said = self.said.lock().unwrap().iter().collect::<Vec<_>>().join("\n");
        (self.child.wait().unwrap().code(), said)
    }

    /// Stops it and answers all that it wrote to stderr.
    pub fn log(self) -> String {
        signal(&self.child, "TERM");
        self.said.lock().unwrap().iter().collect::<Vec<_>>().join("\n")
    }

    /// Reads what it writes to stderr up to a line with this text; answers all that was read.
    pub fn wait_for(&self, text: &str) -> String {
        let lines = self.said.lock().unwrap();
        let mut said = String::new();
        while !said.contains(text) {
            said += &lines.recv_timeout(Duration::from_secs(20)).unwrap_or_else(|_| panic!("no `{text}` in {said}"));
            said.push('\n');
        }
        said
    }

    /// Sends a request with a token and answers status and JSON body (null when there is none).
    pub fn send(&self, token: &str, method: &str, target: &str, body: Option<Value>) -> (u16, Value) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = ureq::http::Request::builder().method(method).uri(format!("{}{target}", self.url));
        let request = request.header("authorization", format!("Bearer {token}"));
        let response = match body {
            Some(body) => agent.run(request.header("content-type", "application/json").body(body.to_string()).unwrap()),
            None => agent.run(request.body(()).unwrap()),
        };
        let mut response = response.unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        (response.status().as_u16(), conformance_json::parse(text.as_bytes()).unwrap_or(Value::Null))
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a child.
pub fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// A copy of a suite that a test may edit.
pub struct SuiteCopy {
    pub folder: TempDir,
}

impl SuiteCopy {
    /// A copy of the built-in suite.
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        for part in ["schemas", "fixtures/fragments", "fixtures/scenarios", "fixtures/seeds"] {
            copy(&root().join(part), &folder.path().join(part));
        }
        // The faults that scenarios name. The others break requirements, which tests take away.
        fs::create_dir_all(folder.path().join("fixtures/faults")).unwrap();
        for file in ["fixtures/faults/clients.yaml", "fixtures/faults/weather.yaml"] {
            fs::copy(root().join(file), folder.path().join(file)).unwrap();
        }
        Self { folder }
    }

    pub fn path(&self) -> &str {
        self.folder.path().to_str().unwrap()
    }

    /// Replaces text in a file; the text must be there.
    pub fn edit(&self, file: &str, from: &str, to: &str) -> &Self {
        let path = self.folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} does not contain {from}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
        self
    }

    pub fn write(&self, file: &str, text: &str) -> &Self {
        let path = self.folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// `conformance ARGS --suite COPY`, and what it wrote to stderr with the copy's path taken out.
    pub fn run(&self, args: &[&str]) -> (Option<i32>, String) {
        let output = conformance().args(args).args(["--suite", self.path()]).output().unwrap();
        (output.status.code(), stderr(&output).replace(&format!("{}/", self.path()), ""))
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
