//! Each exit code of `run`, provoked for real.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use rstest::rstest;

use crate::context::{MockServer, conformance, run, stderr, stdout};

/// A server on a free port that answers every request the same, until the test process ends.
fn stub(response: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || while answer(&stream, response).is_some() {});
        }
    });
    url
}

fn answer(mut stream: &TcpStream, response: &str) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    stream.write_all(response.as_bytes()).ok()
}

#[test]
fn the_embedded_mock_conforms() {
    let output = run(&["run"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains(" left 0\n"), "{}", stdout(&output));
}

#[test]
fn a_mock_at_a_url_conforms_too_and_is_left_as_it_was() {
    let server = MockServer::start(&["--fixtures", "guide", "--require-token", "a-secret-token"]);
    let before = server.send("a-secret-token", "GET", "/v2/conversations", None);
    let output = run(&["run", "--base-url", &server.url, "--token", "a-secret-token", "--deny-warnings"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert_eq!(server.send("a-secret-token", "GET", "/v2/conversations", None), before);
    assert!(!stdout(&output).contains("a-secret-token") && !server.log().contains("a-secret-token"));
}

#[test]
fn the_environment_stands_for_the_flags() {
    let server = MockServer::start(&["--require-token", "a-secret-token"]);
    let with = |token: &str| {
        let mut command = conformance();
        command.arg("run").env("CONFORMANCE_BASE_URL", &server.url).env("CONFORMANCE_TOKEN", token);
        command.output().unwrap().status.code()
    };
    assert_eq!((with("a-secret-token"), with("another")), (Some(0), Some(3)));
}

#[rstest]
#[case::empty_objects("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")]
#[case::not_json("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\n<hi>")]
fn a_server_that_always_answers_the_same_fails(#[case] response: &'static str) {
    let output = run(&["run", "--base-url", &stub(response)]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(stdout(&output).contains("fail MUST create.answers-201"));
}

#[rstest]
#[case::not_found(
    "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
    "does not seem to serve this API: GET /v2/conversations is answered 404"
)]
#[case::errors(
    "HTTP/1.1 500 Oops\r\ncontent-length: 16\r\n\r\ndatabase is down",
    "answers every request with 500: database is down"
)]
#[case::redirect("HTTP/1.1 302 Found\r\nlocation: /login\r\ncontent-length: 0\r\n\r\n", "is answered 302")]
fn a_server_of_something_else_is_3(#[case] response: &'static str, #[case] said: &str) {
    let output = run(&["run", "--base-url", &stub(response)]);
    assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
}

#[test]
fn nothing_listening_is_3() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = run(&["run", "--base-url", &format!("http://{free}")]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr(&output).contains("gives no usable response: no connection: Connection refused"),
        "{}",
        stderr(&output)
    );
}

#[rstest]
#[case::wrong_token(&["--token", "wrong"], "rejects the token with status 401")]
#[case::no_token(&[], "wants a token (status 401)")]
fn a_refused_token_is_3(#[case] args: &[&str], #[case] said: &str) {
    let server = MockServer::start(&["--require-token", "right"]);
    let output = conformance().args(["run", "--base-url", &server.url]).args(args).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
}

#[rstest]
#[case::no_url(&["run", "--base-url", "localhost"], "it has no scheme or host")]
#[case::empty(&["run", "--base-url", ""], "the base URL is empty")]
#[case::no_scheme(&["run", "--base-url", "ftp://localhost"], "neither http nor https")]
#[case::credentials(&["run", "--base-url", "http://me:secret@localhost:1"], "it holds credentials")]
#[case::unknown_flag(&["run", "--base-ur", "x"], "a similar argument exists: '--base-url'")]
#[case::no_jobs(&["run", "--jobs", "0"], "expected a whole number from 1")]
#[case::control_token(&["mock", "--control-token", "a b"], "visible ASCII without spaces")]
#[case::unknown_verb(&["mokc"], "a similar subcommand exists: 'mock'")]
#[case::line_break_in_token(&["run", "--token", "abc\n"], "stray line break")]
#[case::nothing_let_in(&["mock", "--require-token", ""], "no request could ever be let in")]
#[case::unknown_selection(&["run", "--only", "pags"], "did you mean `pages`?")]
#[case::without_what(&["mutate", "--without", "page.hasmore"], "did you mean `page.has-more`?")]
#[case::no_such_line(&["run", "--only", "pages/forward:999"], "no step of pages/forward stands in line 999")]
#[case::target_outside(&["run", "--target", "../x"], "cannot be the name of a folder")]
#[case::target_empty(&["run", "--target", ""], "cannot be the name of a folder")]
#[case::no_time(&["run", "--timeout", "0"], "is no time to wait")]
#[case::header(&["run", "--header", "secret"], "not of the form `Name: value`")]
#[case::sweep_what(&["sweep"], "which server is to be swept?")]
#[case::no_recording(&["judge", "/nowhere"], "cannot read /nowhere")]
#[case::unknown_fixtures(&["mock", "--fixtures", "giude"], "one that the suite ships: guide")]
#[case::no_such_suite(&["run", "--suite", "/nowhere"], "cannot read /nowhere/schemas/openapi.yaml")]
fn bad_usage_is_2(#[case] args: &[&str], #[case] said: &str) {
    let output = run(args);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
    assert!(!stderr(&output).contains("secret"));
}

#[test]
fn no_arguments_show_what_people_come_for() {
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(2));
    for command in
        ["conformance mock\n", "conformance run --base-url", "conformance mock --port 0", "conformance --help"]
    {
        assert!(stderr(&output).contains(command), "{}", stderr(&output));
    }
}

#[test]
fn help_never_shows_a_token_from_the_environment() {
    for verb in ["run", "mock"] {
        let output = conformance().args([verb, "--help"]).env("CONFORMANCE_TOKEN", "a-secret-token").output().unwrap();
        assert!(!stdout(&output).contains("a-secret-token"));
    }
}

/// Half an output is not a good ending.
#[rstest]
#[case::run(&["run", "--only", "ids/unknown"])]
#[case::json(&["run", "--only", "ids/unknown", "--format", "json"])]
#[case::list(&["list"])]
#[case::help(&["--help"])]
fn a_stdout_that_cannot_be_written_is_2(#[case] args: &[&str]) {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = conformance().args(args).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("stdout could not be written: No space left on device"), "{}", stderr(&output));
}

/// `| head` wants no more, and hears no complaint; all was not told, all the same.
#[rstest]
#[case::run(&["run", "--only", "ids/unknown"])]
#[case::list(&["list"])]
fn a_pipe_that_is_closed_is_141(#[case] args: &[&str]) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = conformance().args(args).stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(141), String::new()));
}

#[test]
fn a_snapshot_that_cannot_be_written_is_2_and_leaves_nothing_aside() {
    let folder = tempfile::TempDir::new().unwrap();
    // A folder stands where the snapshot would, so that also who may write everywhere cannot write it.
    let taken = folder.path().join("here/ids/unknown.snap.new");
    std::fs::create_dir_all(taken.join("in-the-way")).unwrap();
    let baseline = folder.path().join("here/ids/unknown.snap");
    std::fs::write(baseline, "---\nsource: x\n---\nanother\n").unwrap();
    let mut command = conformance();
    command.env_remove("INSTA_UPDATE").args(["run", "--only", "ids/unknown", "--target", "here", "--snapshots"]);
    let output = command.arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stdout(&output).contains("unknown.snap.new cannot be written"), "{}", stdout(&output));
    assert!(stderr(&output).contains("1 snapshot could not be written"), "{}", stderr(&output));
    let aside = std::fs::read_dir(folder.path().join("here/ids")).unwrap();
    assert_eq!(aside.filter(|one| one.as_ref().unwrap().path().extension().unwrap() == "tmp").count(), 0);
}

#[cfg(unix)]
#[test]
fn a_file_of_a_suite_that_is_none_is_2() {
    let named = |suite: &crate::context::SuiteCopy, why: &str| {
        let (code, told) = suite.run(&["check"]);
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains(&format!("fixtures/scenarios/ids/strange.yaml: {why}")), "{told}");
    };
    let suite = crate::context::SuiteCopy::new();
    let odd = suite.folder.path().join("fixtures/scenarios/ids/strange.yaml");
    for outside in ["/dev/zero", "/etc/passwd"] {
        std::os::unix::fs::symlink(outside, &odd).unwrap();
        named(&suite, "it is a link that leads out of the suite");
        std::fs::remove_file(&odd).unwrap();
    }
    assert!(std::process::Command::new("mkfifo").arg(&odd).status().unwrap().success());
    named(&suite, "it is not a regular file");
    std::fs::remove_file(&odd).unwrap();
    std::fs::write(&odd, "- a: b\n".repeat(3_000_000)).unwrap();
    named(&suite, "it is larger than 4 MiB");
}

#[cfg(unix)]
#[test]
fn what_was_sent_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, server) = (tempfile::TempDir::new().unwrap(), MockServer::start(&["--quiet"]));
    let recording = folder.path().join("recording.jsonl");
    std::fs::write(&recording, "of an earlier run, open to all").unwrap();
    let mut command = conformance();
    command.env("CONFORMANCE_STATE_DIR", folder.path()).args(["run", "--base-url", &server.url, "--keep-on-failure"]);
    let output = command.args(["--only", "ids/unknown", "--record"]).arg(&recording).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert_eq!(std::fs::metadata(&recording).unwrap().permissions().mode() & 0o777, 0o600);
}
