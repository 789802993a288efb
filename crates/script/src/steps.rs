//! Compiles steps: each becomes a block of settings, and the word that plays it.

use conformance_contract::{Action, Operation};
use conformance_record::{Cited, Position};
use conformance_scenario::expression::Source;
use conformance_scenario::{Call, Check, Direction, Expectation, Rounds, Step, StepKind, Template, Walk};
use serde_json::{Value, json};

use crate::compiler::Compiler;
use crate::text::{literal, quoted, sentence, word};

/// Where a check stands.
pub(crate) fn place(step: &Step, check: &Check) -> Position {
    let (line, column) = step.file.position(check.span.start);
    Position { file: step.file.name().to_owned(), line, column }
}

impl Compiler<'_> {
    /// A step; `judged` are the places of the checks that count.
    pub(crate) fn step(&mut self, step: &Step, judged: &[String]) -> String {
        let (id, _) = step.kind.operation();
        let Some(operation) = self.contract.operation(id) else { return String::new() };
        self.uses(operation);
        self.second |= step.second_token;
        let counts = |check: &&Check| judged.contains(&place(step, check).to_string());
        let about: Vec<String> =
            step.all_checks().filter(counts).map(|check| word(&place(step, check).to_string())).collect();
        let (line, _) = step.file.position(step.span.start);
        let stands = format!("{}:{line}", step.file.name());
        let head = [vec![format!("step {} {}", word(&stands), word(&operation.id))], about].concat();
        let mut text = format!("\n# {}\n{}\n", sentence(&operation.summary), head.join(" \\\n  "));
        let mut set = |name: &str, value: &str| text.push_str(&format!("{name}={}\n", program(value)));
        if !step.conditions.is_empty() {
            set("only_if", &self.conditions(operation, &step.conditions));
        }
        if !step.outputs.is_empty() {
            set("names", &literal(&step.outputs.iter().map(|(name, _)| name.clone()).collect()));
        }
        let mut learn: Vec<String> = Vec::new();
        for check in step.checks.iter().filter(counts) {
            learn.push(self.check(operation, check, &place(step, check).to_string()));
        }
        for (name, expression) in &step.outputs {
            learn.push(format!("  keep({}; {})", quoted(name), self.expression(operation, expression)));
        }
        match &step.kind {
            StepKind::Walk(walk) => {
                let pages: Vec<&Check> = walk.each_page.iter().filter(counts).collect();
                self.walk(step, walk, operation, &pages, &mut set);
            }
            StepKind::Call(call) => {
                let probe = step.probe.as_ref().filter(counts);
                self.call(step, call, operation, probe, &mut set);
            }
        }
        if !learn.is_empty() {
            set("learn", &format!("\n{}\n", learn.join(" |\n")));
        }
        text.push_str(if matches!(step.kind, StepKind::Walk(_)) { "walk\n" } else { "play\n" });
        text
    }

    fn call(
        &mut self,
        step: &Step,
        call: &Call,
        operation: &Operation,
        probe: Option<&Check>,
        set: &mut dyn FnMut(&str, &str),
    ) {
        match &step.rounds {
            Rounds::Once => {}
            Rounds::Times(times) => set("rounds", &format!("[range({times})]")),
            Rounds::ForEach(list) => {
                let list = self.value(operation, list, None);
                set("rounds", &format!("{list} | list_or(\"`forEach` needs a list\")"));
            }
        }
        if needs_turns(step, call) {
            set("together", "false");
        }
        if let Some(twin) = &step.twin {
            let twin = self.request(step, twin, operation);
            set("twin", &format!("{twin} | as_role(\"twin\")"));
        }
        if let Some(poll) = &step.poll {
            let until = self.conditions(operation, &poll.until);
            set("poll", &format!("{{attempts: {}, unmet: ([{until} | .[]])}}", poll.attempts));
            set("every", &format!("{}", poll.every.as_secs_f64()));
        }
        let look = probe.and_then(|check| self.look(&check.expectation, operation));
        if let Some(look) = &look {
            set("before", &format!("{look} | as_role(\"before\")"));
        }
        let request = self.request(step, call, operation);
        set("call", &format!("{request} | as_role(\"call\")"));
        if let (Some(look), Some(check)) = (look, probe) {
            set("after", &format!("{look} | as_role(\"after\")"));
            set("probed", &format!("\n{}\n", self.check(operation, check, &place(step, check).to_string())));
        }
    }

    fn walk(
        &mut self,
        step: &Step,
        walk: &Walk,
        operation: &Operation,
        pages: &[&Check],
        set: &mut dyn FnMut(&str, &str),
    ) {
        if walk.direction == Direction::Backward {
            set("direction", "backward");
        }
        for (name, value) in [("from", &walk.from), ("until", &walk.until)] {
            if let Some(value) = value {
                set(name, &self.value(operation, value, None));
            }
        }
        let request = self.request(step, &walk.call, operation);
        set("call", &request);
        let pages: Vec<String> =
            pages.iter().map(|check| self.check(operation, check, &place(step, check).to_string())).collect();
        if !pages.is_empty() {
            set("page", &format!("\n{}\n", pages.join(" |\n")));
        }
    }

    /// The request of a call.
    fn request(&mut self, step: &Step, call: &Call, operation: &Operation) -> String {
        let mut arguments = Vec::new();
        for (name, _, template) in &call.parameters {
            let Some(parameter) = operation.parameter(name) else { continue };
            let value = self.value(operation, template, Some(&parameter.schema.location));
            arguments.push(format!("{}: {value}", quoted(name)));
        }
        let schema = operation.body.as_ref().map(|body| &body.schema.location);
        let body = call.body.as_ref().map(|body| self.value(operation, body, schema));
        let mut options = Vec::new();
        if step.second_token {
            options.push("second: true".to_owned());
        }
        if let Some(raw) = &call.raw {
            if let Some(method) = &raw.method {
                options.push(format!("method: {}, means: {}", quoted(method), quoted(&self.meant(method, operation))));
            }
            options.extend(raw.query.as_ref().map(|query| format!("query: {}", quoted(query))));
            options.extend(raw.authorization.as_ref().map(|text| format!("authorization: {}", quoted(text))));
            if !raw.headers.is_empty() {
                options.push(format!("headers: {}", literal(&json!(raw.headers))));
            }
            if let Some(body) = &raw.body {
                options.push(format!("body: ({} | plain)", self.value(operation, body, None)));
            }
        }
        let body = body.unwrap_or_else(|| "empty".to_owned());
        format!("request({}; {{{}}}; {body}; {{{}}})", quoted(&operation.id), arguments.join(", "), options.join(", "))
    }

    /// The operation that another method on the same path means.
    fn meant(&mut self, method: &str, operation: &Operation) -> String {
        let contract = self.contract;
        let meant = contract.operations.iter().find(|one| one.method == method && one.path == operation.path);
        meant.iter().for_each(|one| self.uses(one));
        meant.map_or_else(String::new, |one| one.id.clone())
    }

    /// The request by which a probe looks.
    fn look(&mut self, expectation: &Expectation, operation: &Operation) -> Option<String> {
        let contract = self.contract;
        match expectation {
            Expectation::Unchanged(id) => {
                let retrieve = contract.action(operation.resource, Action::Retrieve)?;
                self.uses(retrieve);
                let name = &retrieve.id_parameter()?.name;
                let id = self.value(operation, id, None);
                Some(format!("request({}; {{{}: {id}}}; empty; {{}})", quoted(&retrieve.id), quoted(name)))
            }
            Expectation::Absent(_) => {
                let list = self.list_of(operation)?;
                self.uses(list);
                let most = contract.largest_page(list).and_then(|most| Some((&list.page.as_ref()?.limit, most)));
                let most = most.map_or_else(String::new, |(name, most)| format!("{}: {most}", quoted(name)));
                Some(format!("request({}; {{{most}}}; empty; {{}})", quoted(&list.id)))
            }
            _ => None,
        }
    }
}

/// Whether a round needs what another one answered, or answers are waited for.
fn needs_turns(step: &Step, call: &Call) -> bool {
    let mut found = step.poll.is_some();
    let own =
        |source: &Source| matches!(source, Source::Output(name) if step.outputs.iter().any(|(one, _)| one == name));
    for call in std::iter::once(call).chain(&step.twin) {
        let raw = call.raw.as_ref().and_then(|raw| raw.body.as_ref());
        let all = call.parameters.iter().map(|(.., value)| value).chain(&call.body).chain(raw);
        all.for_each(|value: &Template| value.expressions(&mut |one, _| found |= own(&one.source)));
    }
    found
}

/// A setting's value: a jq program in quotes, bare when it is a plain word.
fn program(value: &str) -> String {
    let plain = !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    if plain { value.to_owned() } else { word(value) }
}

/// A check that the script promises to judge.
pub(crate) struct Promise {
    pub(crate) place: String,
    /// Id and statement of each.
    pub(crate) requirements: Vec<Cited>,
    pub(crate) expected: Value,
    /// Whether it is about all answers, and holds where nothing speaks against it.
    pub(crate) oversight: bool,
}

/// Checks as members of the state.
pub(crate) fn promised(checks: &[Promise]) -> String {
    let line = |one: &Promise| {
        let requirements: Vec<Value> =
            one.requirements.iter().map(|cited| json!({ "id": cited.id, "statement": cited.statement })).collect();
        let check = json!({
            "requirements": requirements, "expected": one.expected, "judged": 0, "mismatches": [],
            "oversight": one.oversight,
        });
        format!("  {}: {check}", Value::from(one.place.as_str()))
    };
    checks.iter().map(line).collect::<Vec<_>>().join(",\n")
}
