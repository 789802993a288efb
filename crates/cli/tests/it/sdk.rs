//! `conformance sdk`: the scenarios through a driver; drivers and SDKs that are broken are found out, with the right blame.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rstest::rstest;

use crate::context::{SuiteCopy, conformance, root, run, stderr, stdout};

/// Runs a scenario through the plain driver, broken in one way or not at all.
fn sdk(broken: &str, more: &[&str], only: &str) -> Output {
    let driver = root().join("crates/cli/tests/drivers/plain.py");
    let mut command = conformance();
    command.env("BROKEN", broken).arg("sdk").args(more).args(["--only", only, "--timeout", "2"]);
    command.args(["--", "python3", driver.to_str().unwrap()]).output().unwrap()
}

#[test]
fn every_scenario_goes_through_a_good_driver_and_raw_ones_do_not_apply() {
    let driver = root().join("crates/cli/tests/drivers/plain.py");
    let mut command = conformance();
    let output = command.args(["sdk", "--verbose", "--", "python3", driver.to_str().unwrap()]).output().unwrap();
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{said}{}", stderr(&output));
    assert!(stderr(&output).contains("plain: 5 of 5 operations"), "{}", stderr(&output));
    assert!(said.contains("✓ forward") && said.contains("– content-types"), "{said}");
    assert!(said.contains("it is about the protocol itself, which an SDK does not show"), "{said}");
    assert!(said.contains(" 0 failed") || !said.contains("failed"), "{said}");
}

const LIFECYCLE: &str = "lifecycle/create-retrieve-update-delete";
const PAGES: &str = "pages/forward";

#[rstest]
#[case::field("drops-a-field", LIFECYCLE, "lost-member", "- /messages: []")]
#[case::order("swaps-objects", PAGES, "changed-order", "/data is in another order")]
#[case::last("drops-the-last", PAGES, "changed-value", "- /data: 3 items")]
#[case::id("invents-an-id", LIFECYCLE, "changed-value", "+ /_id: \"conv_00000000000000000000000000\"")]
#[case::member("invents-a-member", LIFECYCLE, "invented-member", "+ /archived: false")]
#[case::types("makes-times-text", LIFECYCLE, "changed-type", "+ /createdAt: \"")]
#[case::swallowed("swallows-errors", LIFECYCLE, "swallowed-error", "the server answered 404, and the call returned")]
#[case::status("tells-another-status", LIFECYCLE, "wrong-status", "the server answered 404, the caller was told 500")]
#[case::unread("cannot-read", LIFECYCLE, "unread", "the caller got `decode_error`: unexpected member")]
#[case::twice("sends-everything-twice", LIFECYCLE, "sent-twice", "the request was sent 2 times; once was expected")]
#[case::cursor("sends-the-cursor-twice", PAGES, "request", "repeated-parameter: query.starting_after")]
#[case::renamed("renames-the-cursor", PAGES, "request", "did you mean `starting_after`?")]
#[case::limit("loses-the-limit", PAGES, "changed-argument", "- GET /v2/conversations limit=3")]
#[case::token("forgets-the-token", LIFECYCLE, "request", "missing-credentials")]
#[case::other_token("sends-another-token", LIFECYCLE, "changed-argument", "the token, or its scheme, is not the one")]
#[case::more("sends-a-member-more", LIFECYCLE, "request", "unknown-property: body/projectId")]
#[case::trimmed("trims-names", "names/kept-as-sent", "changed-argument", "{\"displayName\":\"spaces at both ends\"}")]
#[case::nothing("answers-without-asking", PAGES, "sent-nothing", "nothing was sent")]
fn what_an_sdk_does_wrong_is_found_with_its_code(
    #[case] broken: &str,
    #[case] only: &str,
    #[case] code: &str,
    #[case] said: &str,
) {
    let output = sdk(broken, &[], only);
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{told}{}", stderr(&output));
    assert!(told.contains(&format!("fail MUST {code}\n")) && told.contains(said), "{told}");
    assert!(told.contains("the SDK, or its driver is to blame"), "{told}");
}

#[test]
fn what_is_wrong_throughout_is_told_once() {
    let output = sdk("drops-a-field", &[], "lifecycle");
    let told = stdout(&output);
    assert_eq!(told.matches("- /messages: []").count(), 1, "{told}");
    assert!(told.matches("found     as in lifecycle/").count() >= 3, "{told}");
}

#[rstest]
#[case::garbage("prints-garbage", "in the line \"DEBUG calling the API\"")]
#[case::hangs("hangs", "the driver hung: no answer within 4 s")]
#[case::twice("answers-twice", "a call is answered once")]
#[case::itself("fails-itself", "it answered with an error of its own: KeyError: 'x'")]
fn what_a_driver_does_wrong_is_its_own_blame_and_never_a_pass(#[case] broken: &str, #[case] said: &str) {
    let output = sdk(broken, &[], "lifecycle/update-nothing");
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{told}{}", stderr(&output));
    assert!(told.contains("fail MUST driver\n") && told.contains(said), "{told}");
    assert!(told.contains("if not, the driver is to blame"), "{told}");
    // Neither the SDK nor the server is.
    assert_eq!(told.matches("fail MUST").count(), 1, "{told}");
}

#[rstest]
#[case::secret("retries-in-secret", "every-second-503", "retried-without-saying")]
#[case::never("never-retries", "every-second-503", "never-retried")]
#[case::soon("retries-at-once", "busy-once", "retried-too-soon")]
#[case::for_ever("retries-for-ever", "always-rate-limited", "retried-too-often")]
fn retries_are_held_to_what_the_driver_declares(#[case] broken: &str, #[case] fault: &str, #[case] code: &str) {
    let output = sdk(broken, &["--fault", fault], "lifecycle/update-nothing");
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{told}{}", stderr(&output));
    assert!(told.contains(&format!("fail MUST {code}\n")), "{told}");
}

#[test]
fn declared_retries_are_no_finding_and_bad_weather_is_not_blamed_on_the_sdk() {
    let driver = root().join("crates/cli/tests/drivers/plain.py");
    let mut command = conformance();
    command.env("RETRIES", "1").args(["sdk", "--fault", "every-second-503", "--only", LIFECYCLE, "--"]);
    let output = command.args(["python3", driver.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains("retries by itself"), "{}", stderr(&output));
}

#[test]
fn a_fault_that_is_none_is_2_before_the_driver_starts() {
    let suite = SuiteCopy::new();
    suite.edit("fixtures/scenarios/clients/busy.yaml", "busy-once", "busy-onse");
    for arguments in [&["check"][..], &["sdk", "--", "touch", "started"]] {
        let mut command = conformance();
        command.args(["--suite", suite.path()]).args(arguments).current_dir(suite.path());
        let output = command.output().unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("clients/busy.yaml:3:5") && said.contains("did you mean `busy-once`?"), "{said}");
    }
    assert!(!suite.folder.path().join("started").exists());
}

/// A write that was tampered with leaves it open what the object is.
#[test]
fn a_step_with_faults_does_not_mislead_the_oracle() {
    let suite = SuiteCopy::new();
    suite.write(
        "fixtures/scenarios/clients/then.yaml",
        "summary: An update, and then a look\nsteps:\n  - operationId: createConversation\n    requestBody: { displayName: Before }\n    \
         outputs: { id: $response.body#/_id }\n  - operationId: updateConversation\n    faults: [members-to-come-everywhere]\n    \
         parameters: { conversation_id: $outputs.id }\n    requestBody: { displayName: After }\n  - operationId: retrieveConversation\n    \
         parameters: { conversation_id: $outputs.id }\n",
    );
    let driver = root().join("crates/cli/tests/drivers/plain.py");
    let mut command = conformance();
    command.args(["sdk", "--suite", suite.path(), "--only", "clients/then", "--", "python3"]);
    let output = command.arg(driver).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn what_arrives_after_its_call_is_found() {
    let output = sdk("sends-again-later", &[], LIFECYCLE);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains("after the call had returned: "), "{}", stdout(&output));
}

#[test]
fn an_sdk_that_keeps_to_its_deadline_is_no_driver_that_hangs() {
    let output = sdk("", &["--fault", "very-slow"], "lifecycle/update-nothing");
    assert!(!stdout(&output).contains("the driver hung"), "{}", stdout(&output));
    assert!(!stdout(&output).contains("gave-up"), "{}", stdout(&output));
}

/// The scenarios in which faults are scripted, with and without retries.
#[rstest]
#[case::declares_none("", "0", 0, &[])]
#[case::retries("", "1", 0, &[])]
#[case::at_once("retries-at-once", "0", 1, &["retried-too-soon", "said `Retry-After: 1`; the request was sent again after"])]
#[case::for_ever("retries-for-ever", "0", 1, &["fail MUST retried-too-soon"])]
#[case::never("never-retries", "0", 1, &["never-retried", "was not sent again"])]
#[case::in_secret("retries-in-secret", "0", 1, &["retried-without-saying", "the driver declares no retries"])]
#[case::swallows("swallows-errors", "0", 1, &["swallowed-error", "the server answered 429, and the call returned"])]
fn faults_are_scripted_per_call(#[case] broken: &str, #[case] retries: &str, #[case] code: i32, #[case] said: &[&str]) {
    let driver = root().join("crates/cli/tests/drivers/plain.py");
    let mut command = conformance();
    command.env("BROKEN", broken).env("RETRIES", retries).args(["sdk", "--verbose", "--only", "clients/busy"]);
    let output = command.args(["--", "python3", driver.to_str().unwrap()]).output().unwrap();
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(code), "{told}{}", stderr(&output));
    assert!(said.iter().all(|said| told.contains(said)), "{told}");
    if code == 0 {
        // None of the five calls was left out, or met no fault.
        let judged = if retries == "1" { "pass MUST retried-too-soon" } else { "pass MUST wrong-status" };
        assert!(told.contains(judged) && !told.contains("not applicable"), "{told}");
    }
}

#[rstest]
#[case::unread("reads-only-what-it-knows", "clients/members-to-come", "fail MUST unread")]
#[case::lost("drops-metadata", "clients/all-documented-members", "- /metadata: {\"source\":\"import\"")]
#[case::invented("invents-missing-ids", "clients/without-ids", "fail MUST invented-member")]
#[case::null("makes-null-a-name", "clients/null-names", "warn SHOULD changed-type")]
#[case::half("swallows-errors", "clients/half-an-answer", "with a body that is no JSON, and the call returned")]
#[case::cut("swallows-errors", "clients/cut", "got no answer: the connection was cut; and the call returned")]
#[case::late("gives-up", "clients/late", "fail MUST gave-up")]
#[case::unread("cannot-read-errors", "clients/token-expired", "fail MUST unread")]
#[case::status("cannot-read-errors", "clients/no-json", "warn SHOULD unread")]
#[case::html("swallows-errors", "clients/no-json", "the server answered 502, and the call returned")]
#[case::expired("tells-another-status", "clients/token-expired", "the caller was told 500")]
fn what_an_sdk_makes_of_odd_answers_is_found(#[case] broken: &str, #[case] only: &str, #[case] said: &str) {
    let output = sdk(broken, &[], only);
    assert!(stdout(&output).contains(said), "{}{}", stdout(&output), stderr(&output));
    // What should not be answered at all can break only a SHOULD.
    let code = if said.starts_with("warn") { 0 } else { 1 };
    assert_eq!(output.status.code(), Some(code), "{}", stdout(&output));
}

#[test]
fn a_call_that_met_no_fault_is_not_green() {
    let output = sdk("supports-nothing", &["--verbose"], "clients/late");
    assert_eq!(output.status.code(), Some(4), "{}", stdout(&output));
    assert!(!stdout(&output).contains("pass MUST"), "{}", stdout(&output));
    let output = sdk("dies", &[], "clients/late");
    assert!(stdout(&output).contains("5 checks: could not run"), "{}", stdout(&output));
    // A fault of lists does not happen to a retrieve, nor anything in a loop over nothing.
    let steps = "  - operationId: createConversation\n    requestBody: { displayName: a }\n    \
                 faults: [null-names-in-lists]\n  - operationId: listConversations\n    faults: [late]\n    forEach: $outputs.none\n";
    let suite = SuiteCopy::new();
    suite.write(
        "fixtures/scenarios/clients/idle.yaml",
        &format!(
            "summary: Nothing goes wrong\nsteps:\n  - operationId: listConversations\n    outputs: {{ none: $response.body#/data }}\n{steps}"
        ),
    );
    let driver = root().join("crates/cli/tests/drivers/plain.py");
    let mut command = conformance();
    command.args(["sdk", "-v", "--suite", suite.path(), "--only", "clients/idle", "--", "python3"]);
    let output = command.arg(driver).output().unwrap();
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(4), "{told}{}", stderr(&output));
    for said in [
        "none of its faults happened to this call",
        "none of the faults that it names happened to any of its calls",
        "`forEach` has nothing to go through",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    // No server but a mock can be asked for faults.
    let output = run(&["run", "--only", "clients/late"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`conformance sdk -- DRIVER` replays it"), "{}", stderr(&output));
}

#[test]
fn a_driver_in_a_debugger_connects_by_itself_and_is_not_hurried() {
    let mut command = conformance();
    command.args(["sdk", "--attach", "--only", "lifecycle/update-nothing"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    told.read_line(&mut said).unwrap();
    let address = said.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(said.contains("waiting for a driver"), "{said}");
    let stream = TcpStream::connect(address).unwrap();
    let driver = root().join("crates/cli/tests/drivers/plain.py");
    let (stdin, stdout_of) = (OwnedFd::from(stream.try_clone().unwrap()), OwnedFd::from(stream));
    let mut driver = Command::new("python3").arg(driver).stdin(stdin).stdout(stdout_of).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains("· plain · 1 scenario"), "{}", stdout(&output));
    assert!(driver.wait().unwrap().success());
    let driver = root().join("crates/cli/tests/drivers/plain.py");
    let output =
        conformance().args(["sdk", "--attach", "--check", "--", "python3", driver.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("nothing is in a hurry"), "{}", stderr(&output));
}

#[rstest]
#[case::version("speaks-another-version", "it speaks version 99 of the protocol; this program speaks 1")]
#[case::greeting("never-greets", "the driver died: it ended with exit status: 3")]
fn a_driver_that_cannot_be_greeted_is_2(#[case] broken: &str, #[case] said: &str) {
    let output = sdk(broken, &["--check"], "lifecycle");
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stderr(&output).contains(said) && stderr(&output).contains("docs/drivers.md"), "{}", stderr(&output));
}

#[test]
fn a_check_of_the_driver_is_one_scenario_and_findings_can_be_allowed() {
    let output = sdk("", &["--check"], "lifecycle");
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("1 scenario: "), "{}", stdout(&output));
    let output = sdk("drops-a-field", &["--allow", "lost-member"], LIFECYCLE);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains("1 known to fail"), "{}", stdout(&output));
    let output = sdk("", &["--allow", "lost-membr"], LIFECYCLE);
    assert!(stderr(&output).contains("did you mean `lost-member`?"), "{}", stderr(&output));
}

#[test]
fn a_driver_that_makes_no_call_is_incomplete_and_never_green() {
    let output = sdk("supports-nothing", &[], LIFECYCLE);
    assert_eq!(output.status.code(), Some(4), "{}{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains("no call went through"), "{}", stderr(&output));
    let output = sdk("knows-other-operations", &[], LIFECYCLE);
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stderr(&output).contains("it can call none of the operations of the contract"), "{}", stderr(&output));
}

#[test]
fn a_line_without_an_end_is_cut_off() {
    let output = sdk("never-ends-its-line", &[], "lifecycle/update-nothing");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains("a line is longer than 16777216 bytes"), "{}", stdout(&output));
}

#[test]
fn an_interrupted_run_waits_for_no_driver() {
    let driver = root().join("crates/cli/tests/drivers/plain.py");
    let mut command = conformance();
    command.env("BROKEN", "hangs").args(["sdk", "--timeout", "50", "--", "python3", driver.to_str().unwrap()]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut greeted = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut greeted).unwrap();
    crate::context::signal(&child, "TERM");
    let start = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stdout(&output));
    assert!(start.elapsed() < Duration::from_secs(30));
}
