//! `conformance sdk`: what an SDK does with arguments, attempts, deadlines and responses is found, and blamed on it alone.

use std::process::Output;

use rstest::rstest;

use crate::context::{SuiteCopy, conformance, root, stderr, stdout};

/// Runs scenarios through the plain driver, broken in one way or not at all.
fn sdk(broken: &str, retries: &str, arguments: &[&str]) -> Output {
    let driver = root().join("crates/cli/tests/drivers/plain.py");
    let mut command = conformance();
    command.env("BROKEN", broken).env("RETRIES", retries).arg("sdk").args(arguments).args(["--timeout", "2"]);
    command.args(["--", "python3", driver.to_str().unwrap()]).output().unwrap()
}

/// The first words of all checks that failed or warned.
fn broken_rules(told: &str) -> Vec<&str> {
    told.lines().map(str::trim).filter(|line| line.starts_with("fail ") || line.starts_with("warn ")).collect()
}

#[rstest]
#[case::body("changes-the-body-on-retry", "fail MUST changed-argument", "attempt 2")]
#[case::query("loses-the-query-on-retry", "fail MUST changed-argument", "GET /v2/conversations limit=2")]
#[case::id("changes-the-id-on-retry", "fail MUST changed-argument", "conv_00000000000000000000000000")]
#[case::header("changes-a-header-on-retry", "fail MUST changed-argument", "text/html")]
#[case::token("forgets-the-token-on-retry", "fail MUST request", "missing-credentials")]
#[case::gone(
    "drops-a-header-on-retry",
    "warn SHOULD changed-argument",
    "`x-api-version` of the first attempt is missing"
)]
fn a_retry_is_held_to_what_was_asked_for(#[case] broken: &str, #[case] rule: &str, #[case] said: &str) {
    let output = sdk(broken, "1", &["--only", "clients/busy"]);
    let told = stdout(&output);
    assert_eq!(broken_rules(&told), [rule], "{told}{}", stderr(&output));
    assert!(told.contains(said) && told.contains("the SDK, or its driver is to blame"), "{told}");
}

#[rstest]
#[case::done("creates-again", "clients/response-lost", "fail MUST repeated-create", "there are two objects now")]
#[case::perhaps("creates-again", "clients/cut", "warn SHOULD repeated-create", "it may have been done twice")]
fn a_create_that_may_have_been_done_is_not_repeated(
    #[case] broken: &str,
    #[case] only: &str,
    #[case] rule: &str,
    #[case] said: &str,
) {
    let output = sdk(broken, "1", &["--only", only]);
    let told = stdout(&output);
    assert_eq!(broken_rules(&told), [rule], "{told}{}", stderr(&output));
    assert!(told.contains(said) && told.contains("the SDK, or its driver is to blame"), "{told}");
}

#[rstest]
#[case::with_a_key("creates-again-with-a-key", "1")]
#[case::not_at_all("", "0")]
fn a_create_with_an_idempotency_key_may_be_repeated(#[case] broken: &str, #[case] retries: &str) {
    let output = sdk(broken, retries, &["--verbose", "--only", "clients/response-lost"]);
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{told}{}", stderr(&output));
    assert!(told.contains("pass MUST repeated-create") && !told.contains("not applicable"), "{told}");
}

#[rstest]
#[case::bytes("counts-bytes")]
#[case::units("counts-utf-16")]
fn rejecting_what_the_contract_allows_is_a_finding(#[case] broken: &str) {
    let output = sdk(broken, "0", &["--only", "names/length"]);
    let told = stdout(&output);
    assert_eq!(broken_rules(&told), ["fail MUST rejected-valid-argument"], "{told}{}", stderr(&output));
    assert!(told.contains("displayName has ") && told.contains("the SDK, or its driver is to blame"), "{told}");
}

#[test]
fn rejecting_what_the_contract_forbids_is_none_nor_what_cannot_be_an_id() {
    let output = sdk("rejects-what-is-invalid", "0", &["--only", "names", "--only", "ids"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(!stdout(&output).contains("rejected-valid-argument"), "{}", stdout(&output));
}

#[test]
fn a_deadline_that_is_not_kept_is_a_finding() {
    let output = sdk("ignores-deadlines", "0", &["--only", "clients/deadline"]);
    let told = stdout(&output);
    assert_eq!(broken_rules(&told), ["fail MUST missed-deadline"], "{told}{}", stderr(&output));
    assert!(told.contains("it had 1000 ms"), "{told}");
    // It outlasts the patience of the run, too.
    let output = sdk("ignores-deadlines", "0", &["--fault", "very-slow", "--only", "lifecycle/update-nothing"]);
    let told = stdout(&output);
    assert_eq!(broken_rules(&told), ["fail MUST missed-deadline"], "{told}{}", stderr(&output));
    assert!(told.contains("the call did not end when its time was over"), "{told}");
    let output = sdk("", "0", &["--verbose", "--only", "clients/deadline"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("pass MUST missed-deadline"), "{}", stdout(&output));
}

#[test]
fn what_is_in_an_open_object_comes_back() {
    let output = sdk("drops-open-members", "0", &["--only", "clients/all-documented-members"]);
    let told = stdout(&output);
    assert_eq!(broken_rules(&told), ["fail MUST lost-member"], "{told}{}", stderr(&output));
    assert!(told.contains("- /metadata/ticket: 4711") && told.contains("- /metadata/by/team/size: 3"), "{told}");
}

#[test]
fn an_id_that_is_not_escaped_is_found_and_leads_nowhere() {
    let output = sdk("escapes-nothing", "0", &["--only", "clients/odd-ids"]);
    let told = stdout(&output);
    assert_eq!(broken_rules(&told), ["fail MUST request", "fail MUST changed-argument"], "{told}{}", stderr(&output));
    assert!(told.contains("conv_a%2Fb") && told.contains("the SDK, or its driver is to blame"), "{told}");
    assert!(!told.contains("could not run"), "{told}");
    let output = sdk("", "0", &["--verbose", "--only", "clients/odd-ids"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(!stdout(&output).contains("not applicable"), "{}", stdout(&output));
}

#[rstest]
#[case::after("dies-after-sending", "it ended with exit status: 1; its stderr ends with: something went wrong")]
#[case::before("dies", "it ended with exit status: 1; its stderr ends with: something went wrong")]
#[case::signal("aborts", "it ended with signal: 6 (SIGABRT)")]
fn a_process_that_ends_during_a_call_is_not_the_drivers_fault_alone(#[case] broken: &str, #[case] said: &str) {
    let output = sdk(broken, "0", &["--only", "lifecycle/update-nothing"]);
    let told = stdout(&output);
    assert_eq!(broken_rules(&told), ["fail MUST process-ended"], "{told}{}", stderr(&output));
    assert!(told.contains("the process ended during the call") && told.contains(said), "{told}");
    assert!(told.contains("its stderr ends with") && told.contains("the SDK, or its driver is to blame"), "{told}");
}

/// What the server did with a request that nobody asked for says nothing about it.
#[rstest]
#[case::names("trims-names")]
#[case::token("forgets-the-token")]
#[case::other_token("sends-another-token")]
#[case::limit("loses-the-limit")]
#[case::cursor("renames-the-cursor")]
#[case::twice("sends-everything-twice")]
#[case::later("sends-again-later")]
#[case::member("sends-a-member-more")]
#[case::ids("escapes-nothing")]
#[case::bytes("counts-bytes")]
fn no_server_is_blamed_for_what_an_sdk_sent(#[case] broken: &str) {
    let output = sdk(
        broken,
        "0",
        &["--only", "lifecycle", "--only", "pages", "--only", "names", "--only", "ids", "--only", "times"],
    );
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{told}{}", stderr(&output));
    // Of two responses the caller got one, and the other was sent last.
    let ours =
        ["changed-argument", "request", "sent-twice", "changed-value", "swallowed-error", "rejected-valid-argument"];
    let rules = broken_rules(&told);
    assert!(
        !rules.is_empty() && rules.iter().all(|rule| ours.iter().any(|one| rule.ends_with(one))),
        "{rules:?}\n{told}"
    );
}

#[rstest]
#[case::default("sends-the-default")]
#[case::spelling("writes-it-otherwise")]
fn what_means_the_same_is_no_change(#[case] broken: &str) {
    let output = sdk(broken, "0", &["--only", "lifecycle", "--only", "lists", "--only", "pages"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn an_sdk_that_reaches_another_server_is_to_blame() {
    let output = sdk("fails-to-connect", "0", &["--only", "lifecycle/update-nothing"]);
    let told = stdout(&output);
    assert_eq!(broken_rules(&told), ["fail MUST sent-nothing"], "{told}{}", stderr(&output));
    assert!(told.contains("it answered `transport_error`, and nothing was sent: no route to host"), "{told}");
}

/// What a write that was not made would have changed is not looked for.
#[test]
fn an_operation_that_a_driver_lacks_is_nobodys_fault() {
    let output = sdk("cannot-update", "0", &["--only", "lifecycle", "--only", "times", "--only", "lists"]);
    let told = stdout(&output);
    assert_eq!(broken_rules(&told), [""; 0], "{told}{}", stderr(&output));
    assert_eq!(output.status.code(), Some(0), "{told}{}", stderr(&output));
}

/// Numbers beyond doubles and halves of UTF-16 pairs come through as they are.
#[test]
fn values_that_are_hard_to_hold_are_compared_exactly() {
    let suite = SuiteCopy::new();
    suite.write(
        "fixtures/faults/exact.yaml",
        "faults:\n  - name: exact\n    summary: A number beyond doubles\n    on: { operation: retrieveConversation, status: 200 }\n    \
         response: { set: { /metadata: { size: 9007199254740993 } } }\n",
    );
    suite.write(
        "fixtures/scenarios/clients/exact.yaml",
        "summary: Exact\nsteps:\n  - operationId: createConversation\n    requestBody: { displayName: Exact }\n    outputs: { id: \
         $response.body#/_id }\n  - operationId: retrieveConversation\n    faults: [exact]\n    parameters: { conversation_id: $outputs.id }\n",
    );
    for (broken, code) in [("", 0), ("rounds-numbers", 1)] {
        let output = sdk(broken, "0", &["--suite", suite.path(), "--only", "clients/exact"]);
        let told = stdout(&output);
        assert_eq!(output.status.code(), Some(code), "{told}{}", stderr(&output));
        assert_eq!(told.contains("- /metadata/size: 9007199254740993"), code == 1, "{told}");
    }
}
