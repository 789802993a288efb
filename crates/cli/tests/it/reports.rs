//! Reports: what each format says of the same run, and where it goes.

use std::fs;

use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

use crate::context::{MockServer, conformance, root, run, stderr, stdout};

const KINDS: [&str; 5] = ["junit", "json", "html", "markdown", "github"];

/// A run against a server with several defects, and its reports by kind.
struct Reported {
    folder: TempDir,
    code: Option<i32>,
    shown: String,
}

impl Reported {
    fn new(faults: &[&str], more: &[&str]) -> Self {
        let faults: Vec<&str> = faults.iter().flat_map(|name| ["--fault", name]).chain(["--quiet"]).collect();
        let server = MockServer::start(&faults);
        let folder = TempDir::new().unwrap();
        let mut command = conformance();
        command.args(["run", "--base-url", &server.url, "--token", "a-secret-token"]).args(more);
        command.env("CI", "true").current_dir(folder.path());
        let wanted = KINDS.iter().flat_map(|kind| ["--report".to_owned(), format!("{kind}=below/report.{kind}")]);
        let output = command.args(wanted).output().unwrap();
        Self { folder, code: output.status.code(), shown: stdout(&output) }
    }

    fn text(&self, kind: &str) -> String {
        fs::read_to_string(self.folder.path().join(format!("below/report.{kind}"))).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text("json")).unwrap()
    }
}

const FAULTS: &[&str] = &["more-when-full", "retrieve-rounds-times", "names-without-emoji", "bad-limits-taken"];

pub fn is_valid(report: &Value) {
    let schema = fs::read_to_string(root().join("schemas/formats/report.schema.json")).unwrap();
    let validator = jsonschema::draft202012::new(&serde_json::from_str(&schema).unwrap()).unwrap();
    let errors: Vec<String> = validator.iter_errors(report).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// Every check of a report with its scenario.
fn checks(report: &Value) -> Vec<(&Value, &Value)> {
    let scenarios = report["scenarios"].as_array().unwrap().iter();
    scenarios.flat_map(|one| one["checks"].as_array().unwrap().iter().map(move |check| (one, check))).collect()
}

#[test]
fn every_report_tells_the_same_run() {
    let reported = Reported::new(FAULTS, &[]);
    assert_eq!(reported.code, Some(1), "{}", reported.shown);
    let report = reported.json();
    is_valid(&report);
    let failed: Vec<_> = checks(&report).into_iter().filter(|(_, check)| check["verdict"] == "fail").collect();
    assert_eq!(failed.len() as u64, report["numbers"]["failed"].as_u64().unwrap());
    assert!(failed.len() > 10, "{}", failed.len());
    let unquoted = |kind: &str| reported.text(kind).replace("&quot;", "\"").replace("&#34;", "\"");
    let (junit, html, markdown) = (unquoted("junit"), unquoted("html"), reported.text("markdown"));
    for (scenario, check) in failed {
        let card = check["card"].as_str().unwrap();
        let again = card.lines().last().unwrap().trim();
        assert!(again.starts_with("rerun     conformance run --base-url http"), "{card}");
        // The same text everywhere; in XML and HTML as these write it.
        let line = again.trim_start_matches("rerun     ");
        assert!(reported.shown.contains(line) && junit.contains(line) && html.contains(line), "{line}");
        assert!(html.contains(scenario["name"].as_str().unwrap()));
    }
    let first = checks(&report).into_iter().find(|(_, check)| check["verdict"] == "fail").unwrap().1;
    assert!(markdown.contains(first["card"].as_str().unwrap()), "{markdown}");
    for kind in KINDS {
        assert!(!reported.text(kind).contains("a-secret-token"), "{kind}");
    }
}

#[test]
fn a_good_run_is_told_by_every_report() {
    let reported = Reported::new(&[], &["--only", "lifecycle"]);
    assert_eq!(reported.code, Some(0), "{}", reported.shown);
    let report = reported.json();
    is_valid(&report);
    assert!(checks(&report).iter().all(|(_, check)| check["verdict"] == "pass" && check["card"].is_null()));
    assert!(reported.text("junit").contains("failures=\"0\" errors=\"0\""), "{}", reported.text("junit"));
    assert!(reported.text("markdown").contains("7 scenarios: **"), "{}", reported.text("markdown"));
    assert_eq!(reported.text("github"), "");
}

#[test]
fn annotations_stand_on_lines_and_are_few() {
    let reported = Reported::new(FAULTS, &[]);
    let annotations = reported.text("github");
    let errors: Vec<&str> = annotations.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(errors.len(), 10, "{annotations}");
    assert!(errors[0].starts_with("::error file=fixtures/scenarios/"), "{}", errors[0]);
    assert!(errors[0].contains(",line=") && errors[0].contains("%0A  found"), "{}", errors[0]);
    assert!(errors[9].starts_with("::error title=conformance::and ") && errors[9].ends_with(" more"), "{}", errors[9]);
}

#[test]
fn what_a_server_says_is_no_markup() {
    // The suite's names hold `<b>&amp;</b>`, quotes and invisible characters; this fault brings them into cards.
    let reported = Reported::new(&["names-escaped", "names-without-emoji", "names-composed"], &["--only", "names"]);
    let html = reported.text("html");
    assert!(!html.contains("<b>&amp;</b>") && html.contains("&lt;b&gt;&amp;amp;&lt;/b&gt;"), "{html}");
    assert!(html.contains("\\u{200d}") && !html.contains('\u{200d}'), "what nobody sees is shown");
    assert!(!reported.text("markdown").contains('\u{202e}'));
    assert!(!reported.shown.contains('\u{200d}') && reported.shown.contains("\\u{200d}"), "{}", reported.shown);
}

#[test]
fn json_has_stdout_for_itself() {
    let output = run(&["run", "--only", "times", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    is_valid(&serde_json::from_str(&stdout(&output)).unwrap());
    assert!(stderr(&output).contains("3 scenarios:"), "{}", stderr(&output));
}

#[test]
fn quiet_tells_what_went_wrong_and_the_numbers() {
    let good = stdout(&run(&["run", "--only", "times", "--quiet"]));
    assert!(!good.contains("creation") && good.contains("3 scenarios: "), "{good}");
    let server = MockServer::start(&["--quiet", "--fault", "never-more"]);
    let output = conformance().args(["run", "-q", "--base-url", &server.url, "--only", "pages"]).output().unwrap();
    let shown = stdout(&output);
    assert!(shown.contains("✗ forward") && !shown.contains("✓"), "{shown}");
}

#[rstest]
#[case::unknown(&["--report", "junitt=x.xml"], "did you mean `junit`?")]
#[case::no_name(&["--report", "junit="], "the file's name is missing")]
#[case::twice(&["--report", "github", "--format", "json"], "two reports cannot both be written to stdout")]
#[case::nowhere(&["--report", "html=/proc/no/such/folder/x.html"], "cannot be written")]
#[case::no_matrix(&["--kill-matrix", "Cargo.toml"], "is no kill matrix")]
#[case::loud_and_quiet(&["--quiet", "--verbose"], "cannot be used with")]
fn what_cannot_be_reported_is_told_before_anything_is_sent(#[case] args: &[&str], #[case] told: &str) {
    let output = run(&[&["run", "--only", "times"], args].concat());
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stderr(&output).contains(told), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
}

#[test]
fn a_recording_is_reported_like_the_run() {
    let reported = Reported::new(&["never-more"], &["--only", "pages", "--record", "recording.jsonl"]);
    let mut command = conformance();
    command.current_dir(reported.folder.path());
    let output = command.args(["judge", "recording.jsonl", "--report", "json=again.json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
    let text = fs::read_to_string(reported.folder.path().join("again.json")).unwrap();
    let again: Value = serde_json::from_str(&text).unwrap();
    is_valid(&again);
    let verdicts = |report: &Value| checks(report).iter().map(|(_, one)| one["verdict"].clone()).collect::<Vec<_>>();
    assert_eq!(verdicts(&again), verdicts(&reported.json()));
}

/// What the run created is deleted when somebody reads the card: its lines create it anew.
#[test]
fn the_lines_to_do_it_by_hand_create_what_they_name() {
    let server = MockServer::start(&["--fault", "retrieve-rounds-times", "--quiet"]);
    let mut command = conformance();
    command.args(["run", "--base-url", &server.url, "--token", "a-secret-token", "--only", "retrieve.same"]);
    let output = command.output().unwrap();
    let shown = stdout(&output);
    let card = shown.split("fail MUST retrieve.same").find(|card| card.contains("ID=$(curl")).unwrap();
    let lines = card.split("reproduce").nth(1).unwrap().split("rerun").next().unwrap();
    let output = std::process::Command::new("bash").args(["-c", lines]).env("TOKEN", "another-one").output().unwrap();
    let answered = stdout(&output);
    assert!(answered.starts_with("HTTP/1.1 200") && answered.contains("\"_id\""), "{lines}\n{answered}");
}

/// A check about captured values shows the exchange that they came from, and not the last one.
#[test]
fn a_check_of_captured_values_shows_where_they_came_from() {
    let server = MockServer::start(&["--fault", "never-more", "--quiet"]);
    let mut command = conformance();
    command.args(["run", "--base-url", &server.url, "--token", "me", "--only", "pages/all-on-one-page"]);
    let shown = stdout(&command.output().unwrap());
    let card = shown.split("fail MUST page.has-more").nth(1).unwrap();
    let sent = card.lines().find(|line| line.trim_start().starts_with("sent")).unwrap();
    assert!(sent.contains("limit=") && !sent.contains("starting_after"), "{card}");
}

#[test]
fn the_command_to_run_it_again_has_all_that_the_first_one_had() {
    let server = MockServer::start(&["--fault", "never-more", "--quiet"]);
    let mut command = conformance();
    command.args(["run", "--suite", ".", "--base-url", &server.url, "--token", "me", "--only", "pages/forward"]);
    let shown = stdout(&command.output().unwrap());
    let again = format!("conformance run --suite . --base-url {} --token \"$TOKEN\" --only pages/forward:", server.url);
    assert!(shown.contains(&again), "{shown}");
}

/// One cause that breaks a requirement in many places is told in full twice, and counted at the end.
#[test]
fn cards_of_one_requirement_are_told_once_and_counted() {
    let server = MockServer::start(&["--fault", "never-more", "--quiet"]);
    let shown = stdout(&conformance().args(["run", "--base-url", &server.url, "--token", "me"]).output().unwrap());
    assert!(shown.matches("fail MUST page.has-more").count() > 3, "{shown}");
    assert_eq!(shown.matches("rule      Paging forward, has_more is true").count(), 2, "{shown}");
    let summary = shown.split("failed, by requirement").nth(1).unwrap();
    assert!(summary.contains("page.has-more ") && summary.contains("pages/forward"), "{summary}");
}
