//! Judges a response by the contract: is this status documented for the operation, does the body fit its schema?

use conformance_json::{Document, Note};
use conformance_record::{Code, Finding, Response};
use serde_json::Value;

use crate::model::{HeaderRule, Operation, StatusRule};
use crate::request::{invalid, is_json};
use crate::say;

impl Operation {
    /// What a documented header field of a response has against it.
    fn header(&self, field: &HeaderRule, response: &Response) -> Option<Finding> {
        let place = format!("header.{}", field.name);
        match response.header(&field.name) {
            None if field.required => {
                let message = format!("is missing; {} documents it as required", self.id);
                Some(Finding::new(Code::WrongHeader, place, message))
            }
            None => None,
            Some(value) => field.violation(value).map(|message| Finding::new(Code::WrongHeader, place, message)),
        }
    }

    /// Everything that a response to this operation has against it.
    #[must_use]
    pub fn judge(&self, response: &Response) -> Vec<Finding> {
        let status = response.status;
        let undocumented = |place: &str| {
            let message = format!("{status} is not documented for {}", self.id);
            vec![Finding::new(Code::UndocumentedStatus, place, message)]
        };
        let Some(rule) = self.response(status) else { return undocumented("status") };
        if rule.status == StatusRule::Default && status < 400 {
            // `default` stands for errors.
            return undocumented("status");
        }
        let mut findings: Vec<Finding> = rule.headers.iter().filter_map(|field| self.header(field, response)).collect();
        let Some(schema) = &rule.schema else {
            // A reader of HTTP/1.1 does not take a body after 204; its announcement shows that it was sent.
            let announced = response.header("content-length").and_then(|length| length.trim().parse::<usize>().ok());
            let length = response.body.len().max(announced.unwrap_or(0));
            if length > 0 {
                let message = format!("{status} has no body; {length} bytes were sent");
                findings.push(Finding::new(Code::UnexpectedBody, "body", message));
            }
            return findings;
        };
        let content_type = response.header("content-type");
        if !content_type.is_some_and(is_json) {
            let found = content_type.map_or_else(|| "is missing".to_owned(), |value| format!("is `{value}`"));
            let message = format!("{found}; expected `application/json`");
            findings.push(Finding::new(Code::WrongContentType, "header.content-type", message));
        }
        match conformance_json::read(&response.body) {
            Ok(Document { value, notes }) => {
                let forbidden = notes.iter().filter(|note| !matches!(note, Note::DuplicateMember(_)));
                let forbidden = forbidden.map(|note| Finding::new(Code::WrongEncoding, "body", note.to_string()));
                findings.extend(forbidden);
                findings.extend(schema.violations(&value).iter().map(|one| invalid("body", one)));
            }
            Err(error) => {
                let shown = say::brief(&Value::from(String::from_utf8_lossy(&response.body)));
                let message = format!("is not valid JSON ({error}): {shown}");
                findings.push(Finding::new(Code::MalformedBody, "body", message));
            }
        }
        findings
    }
}

impl HeaderRule {
    /// How a value breaks the schema, if it does. A value is text: it fits when the number or boolean that it spells does, too.
    fn violation(&self, value: &str) -> Option<String> {
        let spelled = conformance_json::parse(value.as_bytes()).ok().filter(|value| !value.is_string());
        if spelled.is_some_and(|spelled| self.schema.accepts(&spelled)) {
            return None;
        }
        self.schema.violations(&Value::from(value)).first().map(|one| one.message.clone())
    }
}
