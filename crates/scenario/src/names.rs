//! Outputs and loop variables that are used where they do not exist, found before the first request.

use conformance_source::{Diagnostic, Reader, Span, suggest};

use crate::expression::{Expression, Source};
use crate::model::{Call, Check, Expectation, Rounds, Scenario, Step, StepKind};
use crate::relation::Relation;
use crate::template::Template;

/// Reports every expression that would name nothing.
pub(crate) fn check(reader: &Reader, scenario: &Scenario) {
    let mut made: Vec<&str> = Vec::new();
    for step in scenario.all_steps() {
        Names { reader, step, made: &made }.step();
        made.extend(step.outputs.iter().map(|(name, _)| name.as_str()));
    }
}

struct Names<'s> {
    reader: &'s Reader,
    step: &'s Step,
    made: &'s [&'s str],
}

/// When an expression is worked out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Before,
    Sending,
    After,
}

impl Names<'_> {
    fn step(&self) {
        if let Rounds::ForEach(list) = &self.step.rounds {
            self.template(list, When::Before);
        }
        self.relations(&self.step.conditions, When::Before);
        self.call(self.step.kind.call());
        self.step.twin.iter().for_each(|twin| self.call(twin));
        self.step.poll.iter().for_each(|poll| self.relations(&poll.until, When::After));
        if let StepKind::Walk(walk) = &self.step.kind {
            walk.from.iter().chain(&walk.until).for_each(|value| self.template(value, When::Before));
            walk.each_page.iter().for_each(|check| self.check(check));
        }
        self.step.checks.iter().chain(&self.step.probe).for_each(|check| self.check(check));
        for (_, expression) in &self.step.outputs {
            self.expression(expression, &self.step.span, When::After);
        }
    }

    fn call(&self, call: &Call) {
        for (_, _, value) in &call.parameters {
            self.template(value, When::Sending);
        }
        let raw = call.raw.iter().filter_map(|raw| raw.body.as_ref());
        call.body.iter().chain(raw).for_each(|body| self.template(body, When::Sending));
    }

    fn check(&self, check: &Check) {
        self.relations(&check.conditions, When::After);
        match &check.expectation {
            Expectation::Value(relation) => self.relation(relation, When::After),
            Expectation::Unchanged(what) | Expectation::Absent(what) => self.template(what, When::Sending),
            Expectation::Status(_) | Expectation::Documented => {}
        }
    }

    fn relations(&self, relations: &[Relation], when: When) {
        relations.iter().for_each(|one| self.relation(one, when));
    }

    fn relation(&self, relation: &Relation, when: When) {
        self.template(&relation.that, when);
        self.template(&relation.other, when);
        let mut names = false;
        for template in [&relation.that, &relation.other] {
            template.expressions(&mut |_, _| names = true);
        }
        if !names {
            let mut wrong =
                self.wrong(&relation.span, "this is always the same: no expression stands in it".to_owned());
            "nothing to find out".clone_into(&mut wrong.label);
            self.reader.report(wrong);
        }
    }

    fn template(&self, template: &Template, when: When) {
        template.expressions(&mut |expression, span| self.expression(expression, span, when));
    }

    fn expression(&self, expression: &Expression, span: &Span, when: When) {
        let looped = !matches!(self.step.rounds, Rounds::Once);
        let walks = matches!(self.step.kind, StepKind::Walk(_));
        let trouble = match &expression.source {
            Source::Output(name) if !self.made.contains(&name.as_str()) => {
                let mut wrong = self.wrong(span, format!("no earlier step has an output `{name}`"));
                wrong.help.extend(suggest::help(name, self.made.iter().copied()));
                Some(wrong)
            }
            Source::Item if !matches!(self.step.rounds, Rounds::ForEach(_)) || when == When::Before => {
                Some(self.wrong(span, "`$item` has a value only in a step with `forEach`".to_owned()))
            }
            Source::Index if !looped || when == When::Before => {
                Some(self.wrong(span, "`$index` has a value only in a step with `repeat` or `forEach`".to_owned()))
            }
            Source::WalkIds
            | Source::WalkOwn
            | Source::WalkPages
            | Source::WalkCount
            | Source::WalkLargest
            | Source::WalkFalseEnds
            | Source::WalkEnd
                if !walks || when != When::After =>
            {
                Some(self.wrong(span, format!("`{expression}` has a value only after a walk")))
            }
            Source::StatusCode
            | Source::ResponseBody
            | Source::ResponseText
            | Source::ResponseHeader(_)
            | Source::ResponseIds
            | Source::ResponseCount
            | Source::ResponseOwn
            | Source::RequestBody
                if when != When::After =>
            {
                Some(self.wrong(span, format!("`{expression}` has no value yet: nothing was sent")))
            }
            _ => None,
        };
        if let Some(wrong) = trouble {
            self.reader.report(wrong);
        }
    }

    fn wrong(&self, span: &Span, title: String) -> Diagnostic {
        Diagnostic::at(&self.step.file, span.clone(), title, "names nothing here")
    }
}
