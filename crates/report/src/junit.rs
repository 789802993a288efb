//! JUnit XML: a suite per scenario, a case per check. A broken requirement is a failure, a check that could not be judged
//! an error, and what does not apply or is known to fail is skipped.

use conformance_record::{CheckOutcome, SnapshotOutcome, Verdict};
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::card;
use crate::collect::{Background, Collected, Scenario};

/// The report as XML.
///
/// # Errors
/// When it cannot be written as XML.
pub fn junit(run: &Collected, background: &Background) -> Result<String, String> {
    let mut report = Report::new("conformance");
    report.set_time(run.took);
    for scenario in &run.scenarios {
        let mut suite = TestSuite::new(scenario.name.as_str());
        suite.set_time(scenario.took);
        suite.add_property(Property::new("target", run.target.as_str()));
        for check in &scenario.checks {
            let card = card::plain(check, run.context(scenario, background));
            suite.add_test_case(case(scenario, check, &card));
        }
        if let Some(case) = drift(scenario) {
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    report.to_string().map(|xml| without_noncharacters(&xml)).map_err(|error| error.to_string())
}

/// XML 1.0 has no U+FFFE and no U+FFFF, not even as references.
fn without_noncharacters(xml: &str) -> String {
    xml.replace(['\u{FFFE}', '\u{FFFF}'], "\u{FFFD}")
}

fn case(scenario: &Scenario, check: &CheckOutcome, card: &str) -> TestCase {
    let broken = |kind, message: &str| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_message(message).set_type(card::ids(check)).set_description(card);
        status
    };
    let skipped = |reason: &str| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(reason);
        status
    };
    let found = || check.found.first().map_or_else(String::new, ToString::to_string);
    let status = match &check.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Fail => broken(NonSuccessKind::Failure, &format!("expected {}; {}", check.expected, found())),
        Verdict::CouldNotRun(reason) | Verdict::ToolFault(reason) => broken(NonSuccessKind::Error, reason),
        // JUnit has no warnings: a broken SHOULD is skipped, with its card.
        Verdict::Warn => skipped(&format!("warning: expected {}; {}", check.expected, found())),
        Verdict::NotApplicable(reason) => skipped(reason),
        Verdict::Known(reason) => skipped(&format!("known to fail: {reason}")),
    };
    let name = match check.requirements.first().filter(|_| card::is_derived(check)) {
        Some(cited) => cited.statement.clone(),
        None => format!("{} at {}:{}", card::ids(check), check.position.file, check.position.line),
    };
    let mut case = TestCase::new(name, status);
    case.set_classname(scenario.name.replace('/', "."));
    // The time of a scenario is that of all its checks; by itself a check takes none.
    case.set_time(std::time::Duration::ZERO);
    for one in &check.requirements {
        case.add_property(Property::new("requirement", one.id.as_str()));
    }
    case.add_property(Property::new("level", check.level.to_string()));
    if check.verdict == Verdict::Warn {
        case.set_system_out(card);
    }
    case
}

/// A snapshot that drifted is a case of its own.
fn drift(scenario: &Scenario) -> Option<TestCase> {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    match &scenario.snapshot {
        SnapshotOutcome::Drifted(lines) => {
            let diff: Vec<String> = lines.iter().map(|(sign, line)| format!("{sign} {line}")).collect();
            status.set_message("the target behaves otherwise than its baseline").set_description(diff.join("\n"));
        }
        SnapshotOutcome::Broken(reason) | SnapshotOutcome::Unwritten(reason) => {
            status.set_message(reason.as_str());
        }
        _ => return None,
    }
    status.set_type("snapshot");
    let mut case = TestCase::new("snapshot", status);
    case.set_classname(scenario.name.replace('/', "."));
    case.set_time(std::time::Duration::ZERO);
    Some(case)
}
