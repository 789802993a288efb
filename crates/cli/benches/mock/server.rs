//! A server in a process of its own, and what the system says that it costs.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Failed;

/// Whose workspace the requests work in.
pub(crate) const TOKEN: &str = "the-token-of-the-bench";

/// A server that is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Its URL.
    pub(crate) url: String,
    /// From its start to its first response.
    pub(crate) first_response: Duration,
}

impl Server {
    /// Starts a command whose first line is its URL, and waits until it answers.
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failed> {
        let start = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let mut server = Self { child, url: String::new(), first_response: Duration::ZERO };
        BufReader::new(stdout).read_line(&mut server.url)?;
        server.url.truncate(server.url.trim_end().len());
        server.connect()?.send("GET", "/", "")?;
        server.first_response = start.elapsed();
        Ok(server)
    }

    /// A connection to it.
    pub(crate) fn connect(&self) -> Result<Connection, Failed> {
        let place = self.url.strip_prefix("http://").ok_or_else(|| format!("`{}` is no URL", self.url))?;
        let stream = TcpStream::connect(place)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Connection(BufReader::new(stream)))
    }

    /// How long it has worked so far, in user mode and in the kernel.
    pub(crate) fn cpu(&self) -> Result<Duration, Failed> {
        // What the kernel counts in, as it tells every program (`USER_HZ`).
        const TICKS_PER_SECOND: u64 = 100;
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, fields) = stat.rsplit_once(')').ok_or("/proc/PID/stat has another form")?;
        let fields = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
        let ticks = fields.sum::<Result<u64, _>>()?;
        Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
    }

    /// How much memory it holds, in bytes.
    pub(crate) fn memory(&self) -> Result<u64, Failed> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection of HTTP/1.1, used again for each request.
#[derive(Debug)]
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    /// Sends a request, and answers the status and the body of the response.
    pub(crate) fn send(&mut self, method: &str, target: &str, body: &str) -> Result<(u16, Vec<u8>), Failed> {
        let length = body.len();
        write!(
            self.0.get_mut(),
            "{method} {target} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )?;
        let (mut status, mut length, mut line) = (0, 0, String::new());
        loop {
            line.clear();
            if self.0.read_line(&mut line)? == 0 {
                return Err(format!("{method} {target}: the server closed the connection").into());
            }
            let text = line.trim_end().to_ascii_lowercase();
            if text.is_empty() {
                break;
            }
            if let Some(rest) = text.strip_prefix("http/1.1 ") {
                status = rest.split(' ').next().unwrap_or("").parse()?;
            } else if let Some(value) = text.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok((status, body))
    }

    /// Sends a request that must succeed, and answers the body of the response.
    pub(crate) fn ask(&mut self, method: &str, target: &str, body: &str) -> Result<Vec<u8>, Failed> {
        match self.send(method, target, body)? {
            (200..300, body) => Ok(body),
            (status, body) => Err(format!("{method} {target}: {status} {}", String::from_utf8_lossy(&body)).into()),
        }
    }

    /// Creates so many objects, and answers the id of the first.
    pub(crate) fn create(&mut self, path: &str, count: u32) -> Result<String, Failed> {
        let mut first = None;
        for number in 0..count {
            let created = self.ask("POST", path, &format!(r#"{{"displayName":"Conversation {number}"}}"#))?;
            if first.is_none() {
                let object: Value = serde_json::from_slice(&created)?;
                first = object["_id"].as_str().map(str::to_owned);
            }
        }
        first.ok_or_else(|| "nothing was created".into())
    }
}
