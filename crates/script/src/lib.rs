//! Writes a failing scenario as a script that needs nothing but bash, curl and jq.
//!
//! The scenario is compiled, not its recording replayed: loops, walks and conditions run again, so that the script fails
//! on the server that broke a requirement and passes on one that keeps it. What all scripts share stands in `prelude.sh`
//! (bash: sends) and in `core.jq`, `judge.jq`, `play.jq`, `schema.jq` and `oracle.jq` (jq: decides); the semantics are
//! those of the runner.
//!
//! In reading order: `steps` (a step becomes a block of settings), `judge` (checks), `values` (expressions), `compiler`
//! (what a script knows of the contract), `schema`, `text` (quoting). Where a document is the contract there are no steps to compile:
//! `recorded` makes a script of what went over the wire.

mod compiler;
mod judge;
mod recorded;
mod schema;
mod steps;
mod text;
mod values;

use conformance_contract::Suite;
use conformance_contract::requirements::Rule;
use conformance_record::{CheckOutcome, Position};
use conformance_scenario::{Scenario, Step};
use serde_json::Value;

pub use crate::recorded::{Recorded, recorded};

use crate::compiler::Compiler;
use crate::steps::{Promise, place, promised};
use crate::text::{quoted, sentence, word};

const PRELUDE: &str = include_str!("prelude.sh");
const CORE: &str = include_str!("core.jq");
const SCHEMA: &str = include_str!("schema.jq");
const JUDGE: &str = include_str!("judge.jq");
const ORACLE: &str = include_str!("oracle.jq");
const PLAY: &str = include_str!("play.jq");

/// The rules of the oracle, and their names in the script.
const RULES: [(Rule, &str); 6] = [
    (Rule::Same, "same"),
    (Rule::Gone, "gone"),
    (Rule::Order, "order"),
    (Rule::Once, "once"),
    (Rule::Limit, "limit"),
    (Rule::Id, "id"),
];

/// A script that replays a scenario against a server, by default the one at `base_url`, and judges what failed.
#[must_use]
pub fn script(suite: &Suite, scenario: &Scenario, failed: &[CheckOutcome], base_url: &str) -> String {
    let overseen = overseen(suite, scenario, failed);
    let is_failed = |step: &Step, position: &Position| {
        step.file.name() == position.file && failed.iter().any(|one| one.position == *position)
    };
    let judged = |step: &Step| -> Vec<String> {
        let places = step.all_checks().map(|check| place(step, check));
        places.filter(|position| is_failed(step, position)).map(|position| position.to_string()).collect()
    };
    let mut compiler = Compiler::new(suite, &scenario.name);
    if !overseen.is_empty() {
        compiler.oversees();
    }
    // What comes after the last failure would only take time.
    let last = if overseen.is_empty() {
        scenario.steps.iter().rposition(|step| !judged(step).is_empty()).map_or(0, |last| last + 1)
    } else {
        scenario.steps.len()
    };
    let steps: Vec<String> = scenario.steps.iter().take(last).map(|step| compiler.step(step, &judged(step))).collect();
    let tear_down: Vec<String> = scenario.teardown.iter().map(|step| compiler.step(step, &judged(step))).collect();
    let checks = checks(scenario, failed, &overseen);
    [
        head(scenario, failed, base_url),
        needs(&compiler),
        format!(
            "# ---- The steps: what each variable means, the lines at the end tell ----\n\nsteps() {{\n{}}}\n\n",
            block(&steps)
        ),
        format!("# What is put back at the end.\ntear_down() {{\n{}}}\n\n", block(&tear_down)),
        format!("contract={}\n\n", word(&definitions(&compiler, &overseen))),
        format!("{PRELUDE}\n"),
        format!("library={}\n\n", word(&library(&compiler, &overseen))),
        format!("cat >\"$folder/state.json\" <<'STATE'\n{}\nSTATE\n", state(&compiler, &checks)),
        "trap finish EXIT\ntrap 'exit 130' INT TERM\nsteps\n".to_owned(),
    ]
    .concat()
}

/// The body of a function; one without a command would be a mistake.
fn block(steps: &[String]) -> String {
    if steps.is_empty() { "  :\n".to_owned() } else { steps.concat() }
}

/// The rules of the oracle that failed, each with the name of its check.
fn overseen(suite: &Suite, scenario: &Scenario, failed: &[CheckOutcome]) -> Vec<(&'static str, String, usize)> {
    let begins = Position { file: scenario.file.name().to_owned(), line: 1, column: 1 };
    let mut found = Vec::new();
    for (number, one) in failed.iter().enumerate().filter(|(_, one)| one.position == begins) {
        let rule = RULES.iter().find(|(rule, _)| {
            suite
                .requirements
                .oracle(*rule)
                .is_some_and(|known| one.requirements.iter().any(|cited| cited.id == known.id))
        });
        found.extend(rule.map(|(_, name)| (*name, format!("all answers ({name})"), number)));
    }
    found
}

/// What is judged, as members of the state.
fn checks(scenario: &Scenario, failed: &[CheckOutcome], overseen: &[(&str, String, usize)]) -> String {
    let mut all: Vec<Promise> = Vec::new();
    for step in scenario.all_steps() {
        for check in step.all_checks() {
            let position = place(step, check);
            let name = position.to_string();
            let outcome = failed.iter().find(|one| one.position == position);
            if let Some(outcome) = outcome.filter(|_| !all.iter().any(|known| known.place == name)) {
                let requirements = outcome.requirements.clone();
                all.push(Promise { place: name, requirements, expected: judge::expected(check), oversight: false });
            }
        }
    }
    for (_, name, number) in overseen {
        let outcome = &failed[*number];
        let (requirements, expected) = (outcome.requirements.clone(), Value::from(outcome.expected.clone()));
        all.push(Promise { place: name.clone(), requirements, expected, oversight: true });
    }
    promised(&all)
}

fn state(compiler: &Compiler<'_>, checks: &str) -> String {
    let unknown = Value::from(compiler.unknown.clone());
    format!(
        "{{ \"outputs\": {{}}, \"missing\": {{}}, \"own\": [], \"unknown\": {unknown}, \"known\": {{}}, \"sent\": {{}}, \"checks\": {{\n{checks}\n}} }}"
    )
}

/// What the script is, for the one who gets it.
fn head(scenario: &Scenario, failed: &[CheckOutcome], base_url: &str) -> String {
    let mut text = format!(
        "#!/usr/bin/env bash\n# {}\n#\n# The scenario {}, {},\n# written as a script of bash, curl and jq. It judges what failed:\n#\n",
        sentence(&scenario.summary),
        scenario.name,
        scenario.file.name()
    );
    for one in failed {
        for cited in &one.requirements {
            let (id, statement) = (&cited.id, sentence(&cited.statement));
            text.push_str(&format!("#   {id} ({}): {statement}\n#     {}\n", cited.level, one.position));
        }
    }
    text.push_str(
        "#\n# BASE_URL and TOKEN say which server, and who asks. Ends with 0 when all of it holds, 1 when something does not, 4\n# when it could not be judged. What it creates it deletes.\n\n",
    );
    let url = base_url.trim_end_matches('/').replace('\'', "%27");
    text.push_str(&format!(
        "BASE_URL=${{BASE_URL:-'{url}'}}\nTOKEN=${{TOKEN:-me}}\nSECOND_TOKEN=${{SECOND_TOKEN:-}}\n"
    ));
    text.push_str("BASE_URL=${BASE_URL%/}\nexport BASE_URL TOKEN SECOND_TOKEN\n");
    text
}

fn needs(compiler: &Compiler<'_>) -> String {
    if !compiler.second {
        return "\n".to_owned();
    }
    "if [[ ! $SECOND_TOKEN ]]; then\n  echo 'could not run: SECOND_TOKEN must be a token of another workspace' >&2\n  exit 4\nfi\n\n"
        .to_owned()
}

/// What the script knows of the contract, as jq.
fn definitions(compiler: &Compiler<'_>, overseen: &[(&str, String, usize)]) -> String {
    let mut text = format!("# What the contract says of the operations.\n{}", compiler.definitions());
    if !overseen.is_empty() {
        let rules: Vec<String> =
            overseen.iter().map(|(rule, name, _)| format!("{}: {}", quoted(rule), quoted(name))).collect();
        text.push_str(&format!("def oversight: {{{}}};\n", rules.join(", ")));
    }
    text
}

/// Only what this script needs of what all scripts share.
fn library(compiler: &Compiler<'_>, overseen: &[(&str, String, usize)]) -> String {
    // `documented` needs what the core defines, relations need schemas.
    let schema = if compiler.validates { SCHEMA } else { "def violations($schema; $at): empty;\n" };
    let oracle = if overseen.is_empty() { "def overseen($sent; $response): .;\n" } else { ORACLE };
    ["\n", CORE, "\n", schema, "\n", JUDGE, "\n", oracle, "\n", PLAY].concat()
}
