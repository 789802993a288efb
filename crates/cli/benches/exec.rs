//! What `conformance exec` adds to a command: `cargo bench -p api-conformance --bench exec`.
//!
//! The command does nothing, alone and below `exec`, turn by turn, so that whatever else the machine does meets both.

#![allow(clippy::print_stdout)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 100;

fn main() {
    let mut alone = Vec::with_capacity(ROUNDS);
    let mut below = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        alone.push(time(&mut Command::new("true")));
        below.push(time(Command::new(env!("CARGO_BIN_EXE_conformance")).args(["exec", "--quiet", "--", "true"])));
    }
    let (alone, below) = (spread(alone), spread(below));
    println!("{ROUNDS} times each                     median      fastest     slowest");
    println!("true                          {}", row(alone));
    println!("conformance exec -- true      {}", row(below));
    println!("added, in the median          {:>8.2} ms", ms(below.0.saturating_sub(alone.0)));
}

fn time(command: &mut Command) -> Duration {
    let start = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let took = start.elapsed();
    // 4: a command that sends nothing is incomplete, and was run all the same.
    assert!(status.is_ok_and(|status| matches!(status.code(), Some(0 | 4))), "{command:?} did not run");
    took
}

/// Median, fastest, slowest.
fn spread(mut times: Vec<Duration>) -> (Duration, Duration, Duration) {
    times.sort();
    (times[times.len() / 2], times[0], times[times.len() - 1])
}

fn row((median, fastest, slowest): (Duration, Duration, Duration)) -> String {
    format!("{:>8.2} ms {:>8.2} ms {:>8.2} ms", ms(median), ms(fastest), ms(slowest))
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
