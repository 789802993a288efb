//! Operations that document credentials want them.

use conformance_record::{Level, Mismatch};

use super::check::Rule;
use super::request::Arguments;
use super::session::Session;

impl Session<'_> {
    pub(crate) async fn access(&mut self) {
        let operations = &self.run.api.document.operations;
        for (at, declared) in operations.iter().enumerate() {
            let is_open = declared.security.is_empty() || declared.security.iter().any(Vec::is_empty);
            // A server that forgets to ask would do what the others say.
            let is_safe = declared.method == "GET";
            if is_open || !is_safe || *self.run.stop.borrow() {
                continue;
            }
            let answer = self.send(at, Arguments { is_anonymous: true, ..Arguments::default() }).await;
            let statement = format!("{} {} wants credentials", declared.method, declared.path);
            let rule = Rule::new(
                format!("{}.wants-credentials", declared.id),
                Level::Must,
                statement,
                format!("{}/security", declared.pointer),
            );
            let status = answer.status.unwrap_or(0);
            // An id that was made up may be looked for first.
            let is_hidden = status == 404 && declared.path.contains('{');
            let wrong = if matches!(status, 400..=403 | 407) || is_hidden {
                Vec::new()
            } else {
                vec![Mismatch::of(format!("the status is {status}"))]
            };
            self.judge(rule, &answer, "401 or 403", wrong);
            let is_exact = declared.responses.iter().any(|one| one.status == status.to_string());
            if answer.is_rejection() && is_exact {
                self.judge_documented(at, &answer);
            }
        }
    }
}
