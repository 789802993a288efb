//! `conformance exec`: a command against a mock of its own, and what it sent.

use std::fs;
use std::process::Output;

use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

use crate::context::{MockServer, conformance, root, run, stderr, stdout};

/// Runs lines of bash; `call ARGUMENTS…` is curl with a token, `$U` the URL of the list.
fn exec(more: &[&str], lines: &str) -> Output {
    let script = format!(
        "set -e; U=$CONFORMANCE_BASE_URL/v2/conversations; \
         call() {{ curl -sS -o /dev/null -H \"Authorization: Bearer $CONFORMANCE_TOKEN\" \"$@\"; }}; \
         json='Content-Type: application/json'\n{lines}"
    );
    conformance().arg("exec").args(more).args(["--", "bash", "-c", &script]).output().unwrap()
}

const GOOD: &str = "call $U?limit=2; call $U -H \"$json\" -d '{\"displayName\":\"a\"}'";

#[test]
fn a_client_that_keeps_to_the_contract_is_0_and_told_what_it_exercised() {
    let output = exec(&[], &format!("{GOOD}; echo from the command"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output), "from the command\n", "stdout is the command's");
    let said = stderr(&output);
    assert!(said.contains("operations   2 of 5; not: deleteConversation, retrieveConversation, updateConv"), "{said}");
    assert!(said.contains("exercised 6 of 18 parts of the contract (33 %)"), "{said}");
    // What a list and a create can exercise, and not what belongs to a walk, an update, or a refusal.
    let of = said.lines().find(|line| line.contains("requirements")).unwrap();
    assert!(of.contains(" of 50"), "{of}");
    let output =
        exec(&["--verbose"], "call $U?limit=20; call $U -H \"$json\" -d '{\"displayName\":\"in the middle\"}'");
    let said = stderr(&output);
    let not = said.lines().find(|line| line.contains("requirements")).unwrap();
    for id in ["page.exclusive", "update.answers-200", "name.code-points", "delete.answers-204"] {
        assert!(not.contains(id), "{id}: {not}");
    }
    for id in ["create.answers-201", "list.answers-200", "name.kept"] {
        assert!(!not.contains(&format!(" {id},")), "{id}: {not}");
    }
}

/// What never reached the mock was sent all the same.
#[rstest]
#[case::answered("down", "call $U?startingAfter=x", "did you mean `starting_after`?")]
#[case::cut("cut-once", "call $U?startingAfter=x || true", "did you mean `starting_after`?")]
#[case::gave_up("very-slow", "call -m 0.2 $U?startingAfter=x || true", "did you mean `starting_after`?")]
fn what_meets_a_fault_is_judged_too(#[case] fault: &str, #[case] lines: &str, #[case] said: &str) {
    let output = exec(&["--fault", fault], lines);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
}

/// What HTTP has, the SDK may use; and what it did not finish is not what it meant to send.
#[test]
fn a_head_is_a_get_and_half_a_request_is_no_mistake() {
    let output = exec(&["--fault", "half-an-answer"], "call -I $U?limit=2");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let half = "host=${CONFORMANCE_BASE_URL#http://}; exec 3<>/dev/tcp/${host%:*}/${host#*:}; \
        printf 'POST /v2/conversations HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer x\\r\\n' >&3; \
        printf 'Content-Type: application/json\\r\\nContent-Length: 100\\r\\n\\r\\n{' >&3; exec 3>&-";
    let output = exec(&[], half);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("createConversation"), "{}", stderr(&output));
}

/// What was sent just before the command ended is judged, too.
#[test]
fn the_last_requests_are_not_lost() {
    let program = "
import os, socket
host, port = os.environ['CONFORMANCE_BASE_URL'].removeprefix('http://').split(':')
for _ in range(20):
    connection = socket.create_connection((host, int(port)))
    connection.sendall(b'GET /v2/conversations?startingAfter=x HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer x\\r\\n\\r\\n')
os._exit(0)";
    for _ in 0..5 {
        let output =
            conformance().args(["exec", "--", "python3", "-c", &program.replace("\\\\", "\\")]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(stderr(&output).contains("20 times"), "{}", stderr(&output));
    }
}

/// A command's own tests script faults, and read what arrived.
#[test]
fn a_command_can_govern_its_mock() {
    let output = exec(
        &[],
        "M=$CONFORMANCE_BASE_URL; C=$M/__conformance\n\
         curl -sS -X PUT $C/faults/t/1 -d '{\"faults\":[\"busy-once\"]}'\n\
         for _ in 1 2; do curl -sS -o /dev/null -w '%{http_code} ' -H 'Authorization: Bearer x' $M/~/t/1/v2/conversations; done\n\
         curl -sS $C/journal/t/1",
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let (statuses, journal) = stdout(&output).split_once('{').map(|(a, b)| (a.to_owned(), format!("{{{b}"))).unwrap();
    assert_eq!(statuses, "429 200 ");
    let journal: Value = serde_json::from_str(&journal).unwrap();
    assert_eq!(journal["exchanges"].as_array().unwrap().len(), 2);
    // Neither the control API nor the prefix is the client's traffic.
    assert!(stderr(&output).contains("1 scenario: 15 passed"), "{}", stderr(&output));
}

#[rstest]
#[case::path("call $U/", "fail MUST unknown-path", "did you mean /v2/conversations?")]
#[case::method("call -X PUT $U", "fail MUST unknown-method", "it has GET, POST")]
#[case::parameter("call $U?startingAfter=x", "fail MUST unknown-parameter", "did you mean `starting_after`?")]
#[case::near_miss("call $U/?endingBefore=x", "fail MUST unknown-parameter", "did you mean `ending_before`?")]
#[case::repeated("call '$U?limit=1&limit=2'", "fail MUST repeated-parameter", "is given more than once")]
#[case::property(
    "call $U -H \"$json\" -d '{\"displayName\":\"a\",\"projectId\":1}'",
    "fail MUST unknown-property",
    "body/projectId"
)]
#[case::media(
    "call $U -d '{\"displayName\":\"a\"}'",
    "fail MUST wrong-content-type",
    "application/x-www-form-urlencoded"
)]
#[case::scheme(
    "curl -sS -o /dev/null -H \"Authorization: $CONFORMANCE_TOKEN\" $U",
    "fail MUST misplaced-credentials",
    "the header field `authorization`"
)]
#[case::field(
    "curl -sS -o /dev/null -H \"X-Api-Key: $CONFORMANCE_TOKEN\" $U",
    "fail MUST misplaced-credentials",
    "the header field `x-api-key`"
)]
#[case::query("curl -sS -o /dev/null $U?token=$CONFORMANCE_TOKEN", "fail MUST misplaced-credentials", "the query")]
#[case::malformed("call $U -H \"$json\" -d '{displayName'", "fail MUST malformed-body", "is not valid JSON")]
fn what_an_sdk_gets_wrong_is_1_with_the_documented_spelling(
    #[case] lines: &str,
    #[case] code: &str,
    #[case] said: &str,
) {
    let output = exec(&[], &lines.replace("'$U", "$U'"));
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains(code) && told.contains(said) && told.contains("the SDK is to blame"), "{told}");
    // The command's own mock is gone; by hand it is one that is started by hand.
    assert!(told.contains("http://127.0.0.1:4010/v2/conversations"), "{told}");
}

#[rstest]
#[case::value("call $U?limit=0", "warn SHOULD invalid-parameter")]
#[case::body("call $U -H \"$json\" -d '{\"displayName\":\"\"}'", "warn SHOULD invalid-body")]
#[case::token("curl -sS -o /dev/null $U", "warn SHOULD missing-credentials")]
fn what_a_test_sends_on_purpose_is_told_and_fails_only_when_asked(#[case] lines: &str, #[case] code: &str) {
    let output = exec(&[], lines);
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains(code) && told.contains("the test is to blame"), "{told}");
    assert_eq!(exec(&["--deny-warnings"], lines).status.code(), Some(1));
}

#[rstest]
#[case::nothing_sent("true", 4, "no request that could be judged reached the mock")]
#[case::own_code("call $U/; exit 7", 7, "fail MUST unknown-path")]
#[case::killed("kill -9 $$", 137, "0 scenarios")]
fn the_commands_own_end_comes_first(#[case] lines: &str, #[case] code: i32, #[case] said: &str) {
    let output = exec(&[], lines);
    assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
}

#[test]
fn a_command_that_does_not_exist_is_127() {
    let output = run(&["exec", "--", "no-such-command-at-all"]);
    assert_eq!(output.status.code(), Some(127));
    assert!(stderr(&output).contains("there is no command `no-such-command-at-all`"), "{}", stderr(&output));
}

#[test]
fn findings_can_be_allowed_and_coverage_demanded() {
    let drifted = format!("{GOOD}; call $U?startingAfter=x");
    assert_eq!(exec(&["--allow", "unknown-parameter"], &drifted).status.code(), Some(0));
    assert_eq!(exec(&["--min-coverage", "30"], GOOD).status.code(), Some(0));
    let output = exec(&["--min-coverage", "40"], GOOD);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("less than the 40 % of --min-coverage"), "{}", stderr(&output));
    let output = exec(&["--allow", "unknown-paramter"], GOOD);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean `unknown-parameter`?"), "{}", stderr(&output));
}

#[test]
fn the_command_gets_url_and_token_where_it_looks_for_them() {
    let more = ["--env", "API_URL={url}/v2", "--env", "API_KEY=key-{token}", "--quiet"];
    let output = exec(&more, "echo $API_URL $API_KEY; call $U");
    assert!(stdout(&output).starts_with("http://127.0.0.1:"), "{}", stdout(&output));
    assert!(stdout(&output).ends_with("/v2 key-conformance-exec\n"), "{}", stdout(&output));
}

#[test]
fn the_reports_are_those_of_a_run() {
    let folder = TempDir::new().unwrap();
    let file = |kind: &str| format!("{}/report.{kind}", folder.path().display());
    let (json, junit) = (format!("json={}", file("json")), format!("junit={}", file("junit")));
    let output = exec(&["--report", &json, "--report", &junit], &format!("{GOOD}; call $U?startingAfter=x"));
    assert_eq!(output.status.code(), Some(1));
    let schema = fs::read_to_string(root().join("schemas/formats/report.schema.json")).unwrap();
    let validator = jsonschema::draft202012::new(&serde_json::from_str(&schema).unwrap()).unwrap();
    let report: Value = serde_json::from_str(&fs::read_to_string(file("json")).unwrap()).unwrap();
    let errors: Vec<String> = validator.iter_errors(&report).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(report["numbers"]["failed"], 1);
    let junit = fs::read_to_string(file("junit")).unwrap();
    assert!(junit.contains("classname=\"requests.listConversations\"") && junit.contains("failures=\"1\""), "{junit}");
}

#[test]
fn a_code_is_explained() {
    let output = run(&["explain", "unknown-parameter"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("conformance exec --allow unknown-parameter"), "{}", stdout(&output));
    assert!(stdout(&run(&["explain", "lost-member"])).contains("conformance sdk --allow lost-member"));
    let output = run(&["explain", "unknown-paramete"]);
    assert!(stderr(&output).contains("did you mean `unknown-parameter`?"), "{}", stderr(&output));
}

#[test]
fn what_a_mock_recorded_is_judged_like_what_a_command_sent() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("requests.jsonl").display().to_string();
    let mut server = MockServer::start(&["--quiet", "--record", &path]);
    assert_eq!(server.send("a-secret-token", "GET", "/v2/conversations?startingAfter=x", None).0, 200);
    crate::context::signal(&server.child, "INT");
    assert!(server.child.wait().unwrap().success());
    assert!(!fs::read_to_string(&path).unwrap().contains("a-secret-token"));
    let output = run(&["judge", &path]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("did you mean `starting_after`?"), "{}", stderr(&output));
    assert!(!stderr(&output).contains("missing-credentials\n"), "{}", stderr(&output));
}

#[test]
fn credentials_of_any_form_appear_nowhere() {
    let folder = TempDir::new().unwrap();
    let reports = ["junit", "json", "html", "markdown"]
        .iter()
        .flat_map(|kind| ["--report".to_owned(), format!("{kind}={}/report.{kind}", folder.path().display())]);
    let lines = "curl -sS -o /dev/null $U/ -H 'Authorization: raw-secret-1'; \
                 curl -sS -o /dev/null $U/ -H 'Authorization: Basic basic-secret-2'; \
                 curl -sS -o /dev/null $U/?key=bearer-secret-3 -H 'Authorization: Bearer bearer-secret-3'; \
                 curl -sS -o /dev/null $U/ -H 'X-Api-Key: other-secret-4'";
    let more: Vec<String> = reports.collect();
    let output = exec(&more.iter().map(String::as_str).collect::<Vec<_>>(), lines);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let record = folder.path().join("requests.jsonl").display().to_string();
    let mut server = MockServer::start(&["--quiet", "--record", &record]);
    server.send("bearer-secret-3", "GET", "/v2/conversations?key=bearer-secret-3", None);
    crate::context::signal(&server.child, "INT");
    server.child.wait().unwrap();
    let files = fs::read_dir(folder.path()).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let told: Vec<String> = files.chain([stderr(&output)]).collect();
    assert_eq!(told.len(), 6);
    for text in &told {
        for secret in ["raw-secret-1", "basic-secret-2", "bearer-secret-3", "other-secret-4"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}

#[test]
fn a_command_is_told_to_end_and_how_it_ended_is_told() {
    let folder = TempDir::new().unwrap();
    let ready = folder.path().join("ready");
    let script = format!("trap 'exit 42' TERM; touch {}; while :; do sleep 0.05; done", ready.display());
    let mut command = conformance();
    command.args(["exec", "--", "bash", "-c", &script]).stdin(std::process::Stdio::null());
    let child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    while !ready.exists() {
        std::thread::yield_now();
    }
    crate::context::signal(&child, "TERM");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(42), "{}", stderr(&output));
    assert!(stderr(&output).contains("the command ended with exit status: 42"), "{}", stderr(&output));
}

#[test]
fn stdout_is_the_commands_and_a_report_needs_a_file() {
    let output = exec(&["--format", "json"], GOOD);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("a report needs a file"), "{}", stderr(&output));
}

#[test]
fn a_body_that_was_too_large_to_read_is_not_called_absent() {
    let large = "head -c 2000000 /dev/zero | tr '\\0' a > $TMPDIR/large.json; call $U -H \"$json\" --data-binary @$TMPDIR/large.json";
    let folder = TempDir::new().unwrap();
    let lines = large.replace("$TMPDIR", folder.path().to_str().unwrap());
    let output = exec(&[], &lines);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!stderr(&output).contains("fail MUST"), "{}", stderr(&output));
}

#[test]
fn half_a_line_of_a_killed_mock_is_left_out() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("requests.jsonl").display().to_string();
    let mut server = MockServer::start(&["--quiet", "--record", &path]);
    server.send("t", "GET", "/v2/conversations?startingAfter=x", None);
    server.send("t", "GET", "/v2/conversations", None);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..text.len() - 40]).unwrap();
    let output = run(&["judge", &path]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("fail MUST unknown-parameter"), "{}", stderr(&output));
}

/// What the command started gets the signal, too, and does not live on.
#[test]
fn a_signal_reaches_the_children_of_the_command() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("pid");
    // The shell waits for a child of its own, which ignores the wish to end.
    let script =
        format!("(trap '' TERM; echo $BASHPID > {0}.new; mv {0}.new {0}; sleep 60) & wait; sleep 60", file.display());
    let mut command = conformance();
    let mut child =
        command.args(["exec", "--", "bash", "-c", &script]).stdin(std::process::Stdio::null()).spawn().unwrap();
    let grandchild = loop {
        if let Ok(pid) = fs::read_to_string(&file) {
            break pid.trim().to_owned();
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended before its child began");
        std::thread::yield_now();
    };
    crate::context::signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let state = fs::read_to_string(format!("/proc/{grandchild}/stat"));
    assert!(state.is_err() || state.unwrap().contains(") Z "), "{grandchild} lives on");
}

#[test]
fn a_proxy_of_the_environment_does_not_get_the_tests() {
    let mut command = conformance();
    command
        .env("http_proxy", "http://127.0.0.1:1")
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .env("NO_PROXY", "example.org");
    let program = "curl -sS -o /dev/null -w '%{http_code} ' -H 'Authorization: Bearer x' $CONFORMANCE_BASE_URL/v2/conversations; echo $NO_PROXY";
    let output = command.args(["exec", "--", "bash", "-c", program]).output().unwrap();
    assert_eq!(stdout(&output).trim(), "200 example.org,127.0.0.1,localhost", "{}", stderr(&output));
}
