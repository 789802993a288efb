//! What no client should send never breaks a server: 5xx says that the server failed (RFC 9110, 15.6).

use conformance_api::Role;
use conformance_api::media::is_json;
use conformance_api::pages::Style;
use conformance_openapi::Location;
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::check::Rule;
use super::operation;
use super::request::{Arguments, Content};
use super::session::{Answer, Session};
use crate::target::Target;

/// Ids and cursors that nobody has.
const ODD: &[&str] =
    &["0", "-1", "99999999999999999999", "no-such-thing", "nul\u{0}l", "\u{1F600}", "' OR '1'='1", "%2e%2e"];

impl Session<'_> {
    /// Whether a server did not fail at a request.
    pub(crate) fn judge_no_error(&mut self, at: usize, answer: &Answer) {
        let status = answer.status.unwrap_or(0);
        let declared = self.declared(at);
        let statement = format!("{} {} does not fail at what a client sends", declared.method, declared.path);
        let rule =
            Rule::new(format!("{}.no-server-error", declared.id), Level::Must, statement, declared.pointer.clone());
        let wrong = if status >= 500 { vec![Mismatch::of(format!("the status is {status}"))] } else { Vec::new() };
        self.judge(rule, answer, "no 5XX response", wrong);
    }

    /// Asks for objects by ids of other forms, and of other lengths.
    pub(crate) async fn odd_ids(&mut self, at: usize, above: &[String], unknown: &str) {
        let Some(retrieve) = operation(self.run.api, at, Role::Retrieve) else { return };
        let long = [unknown.repeat(2), "0123456789abcdefghjkmnpqrstvwxyz".repeat(16)];
        for id in ODD.iter().map(|one| (*one).to_owned()).chain(long) {
            let path: Vec<String> = above.iter().cloned().chain([id]).collect();
            let answer = self.send(retrieve, Arguments::at(&path)).await;
            self.judge_no_error(retrieve, &answer);
        }
    }

    /// Begins pages at places that there are not.
    pub(crate) async fn odd_places(&mut self, list: usize, above: &[String]) {
        let Some(pages) = self.run.api.operations[list].pages.clone() else { return };
        let resource = self.run.api.operations[list].resource;
        let unknown = resource.and_then(|at| self.unknown_id(at));
        for style in &pages.styles {
            let is_number = matches!(style, Style::Page { .. } | Style::Offset(_));
            let values = ODD.iter().map(|one| (*one).to_owned()).chain(unknown.clone().filter(|_| !is_number));
            for (index, value) in values.enumerate() {
                let mut arguments = Arguments::at(above).with(style.parameter(), &value);
                if let Some(limit) = pages.limit.as_ref().filter(|_| index % 2 == 1) {
                    arguments = arguments.with(&limit.parameter, &2.min(limit.most));
                }
                let answer = self.send(list, arguments).await;
                self.judge_no_error(list, &answer);
            }
        }
    }

    /// Bodies that are none, that are not text, of numbers beyond what most languages count with, and of no media type.
    pub(crate) async fn odd_bodies(&mut self, at: usize, create: usize, above: &[String]) {
        let Some((media_type, pointer)) = self.content_media(self.declared(create)) else { return };
        let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
        let Some(valid) = self.valid_body(&pointer) else { return };
        let text = conformance_json::write(&valid);
        let mut not_text = text.clone().into_bytes();
        if let Some(place) = text.find(":\"") {
            not_text.splice(place + 2..place + 2, [0xff, 0xfe]);
        }
        let mut all =
            vec![(media_type.as_str(), Content::Text(String::new())), (media_type.as_str(), Content::Bytes(not_text))];
        let shape = self.run.api.schemas.merged(&pointer);
        let whole = |property: &[&Value]| self.run.api.schemas.merge_value(property).kind() == Some("integer");
        if let Some((name, _)) = shape.properties.iter().find(|(_, property)| whole(property)) {
            let mut body = valid.clone();
            body[*name] = "@".into();
            let text = conformance_json::write(&body).replace("\"@\"", "99999999999999999999999999");
            all.push((media_type.as_str(), Content::Text(text)));
        }
        all.push(("", Content::Text(text)));
        // What needs no member may be read as an object without any.
        let needs_one = !self.proof().is_valid(conformance_api::Side::Request, &pointer, &serde_json::json!({}));
        for (index, (media_type, content)) in all.into_iter().enumerate() {
            let place = self.place_for_new(at, create, above).await;
            let arguments = Arguments { body: Some((media_type.to_owned(), content)), ..Arguments::at(&place) };
            let answer = self.send(create, arguments).await;
            self.judge_no_error(create, &answer);
            if index == 0 && needs_one && self.declared(create).body.as_ref().is_some_and(|body| body.required) {
                let declared = self.declared(create);
                let statement = format!("{} {} rejects a body that is empty", declared.method, declared.path);
                let pointer = format!("{}/requestBody", declared.pointer);
                let id = format!("{}.rejects-malformed", declared.id);
                self.judge_rejected(Rule::new(id, Level::Must, statement, pointer), create, &answer);
            }
            // Whatever it was, what a server read of it is as near to the valid one as anything that is known.
            let made = answer.is_success();
            let _ = if made { self.made(at, create, &place, valid.clone(), &answer).map(drop) } else { Ok(()) };
        }
    }

    /// Names that clients give and that the document excludes.
    pub(crate) async fn wrong_names(&mut self, at: usize, create: usize, above: &[String]) {
        let own = &self.run.api.resources[at].parameter;
        let declared = self.declared(create);
        let parameter = declared.parameters.iter().find(|one| one.location == Location::Path && one.name == *own);
        let schema = parameter.and_then(|one| one.schema.clone()).filter(|_| self.run.api.operations[create].is_item);
        let (Some(schema), Some((media_type, pointer))) = (schema, self.content_media(declared)) else { return };
        let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
        let most = self.run.api.schemas.merged(&schema).bounds.max_length.filter(|most| *most <= 500);
        let long = most.and_then(|most| usize::try_from(most).ok()).map(|most| "a".repeat(most + 1));
        let is_wrong = |name: &String| {
            !self.proof().is_valid(conformance_api::Side::Request, &schema, &Value::from(name.as_str()))
        };
        let names = [format!("{} !", self.word()), format!("{}\u{1F600}", self.word())].into_iter().chain(long);
        for name in names.filter(is_wrong).collect::<Vec<_>>() {
            let Some(body) = self.valid_body(&pointer) else { return };
            let place: Vec<String> = above.iter().cloned().chain([name.clone()]).collect();
            let answer = self.send(create, Arguments::at(&place).body(&media_type, body.clone())).await;
            let declared = self.declared(create);
            let statement = format!("{} {} rejects names that its path excludes", declared.method, declared.path);
            let id = format!("{}.rejects-wrong-names", declared.id);
            let rule = Rule::new(id, Level::Must, statement, format!("{}/parameters", declared.pointer));
            self.judge_rejected(rule, create, &answer);
            let made = answer.is_success();
            let _ = if made { self.made(at, create, &place, body, &answer).map(drop) } else { Ok(()) };
        }
    }

    /// Requests without a header field that is required.
    pub(crate) async fn missing_fields(&mut self, at: usize, create: usize, above: &[String]) {
        let declared = self.declared(create);
        let Some((media_type, pointer)) = self.content_media(declared) else { return };
        let (media_type, pointer) = (media_type.to_owned(), pointer.to_owned());
        let required = declared.parameters.iter().filter(|one| one.required);
        // What every request bears anyway cannot be left out.
        let always = Target::headers(None);
        let all = self.run.settings.headers.iter().chain(&always);
        let given = |name: &str| {
            all.clone().any(|(one, _)| one.eq_ignore_ascii_case(name)) || name.eq_ignore_ascii_case("host")
        };
        let fields =
            required.filter(|one| matches!(one.location, Location::Header | Location::Query) && !given(&one.name));
        for name in fields.map(|one| one.name.clone()).collect::<Vec<_>>() {
            let Some(body) = self.valid_body(&pointer) else { return };
            let place = self.place_for_new(at, create, above).await;
            let arguments = Arguments { without: Some(name.clone()), ..Arguments::at(&place) };
            let answer = self.send(create, arguments.body(&media_type, body.clone())).await;
            let declared = self.declared(create);
            let statement = format!("{} {} rejects a request without `{name}`", declared.method, declared.path);
            let id = format!("{}.wants-parameters", declared.id);
            let rule = Rule::new(id, Level::Must, statement, format!("{}/parameters", declared.pointer));
            self.judge_rejected(rule, create, &answer);
            let made = answer.is_success();
            let _ = if made { self.made(at, create, &place, body, &answer).map(drop) } else { Ok(()) };
        }
    }

    /// Bodies of media types that an operation does not document.
    pub(crate) async fn odd_media(&mut self, at: usize, create: usize, above: &[String]) {
        let declared = self.declared(create);
        let known = declared.body.iter().flat_map(|body| &body.media);
        if !known.clone().all(|one| is_json(&one.media_type)) {
            return;
        }
        for (media_type, text) in [("text/plain", "text"), ("application/x-www-form-urlencoded", "name=text")] {
            let body = Some((media_type.to_owned(), Content::Text(text.to_owned())));
            let place = self.place_for_new(at, create, above).await;
            let answer = self.send(create, Arguments { body, ..Arguments::at(&place) }).await;
            self.judge_no_error(create, &answer);
            let statement = format!("{} {} rejects a body of {media_type}", declared.method, declared.path);
            let rule = Rule::new(
                format!("{}.rejects-media-types", declared.id),
                Level::Should,
                statement,
                format!("{}/requestBody", declared.pointer),
            );
            self.judge_rejected(rule, create, &answer);
            let made = answer.is_success();
            let _ = if made { self.made(at, create, &place, Value::Null, &answer).map(drop) } else { Ok(()) };
        }
    }

    /// Query parameters that are missing, or that are not what their schema says.
    pub(crate) async fn odd_parameters(&mut self) {
        let all = &self.run.api.document.operations;
        for (at, declared) in all.iter().enumerate() {
            if declared.method != "GET" || declared.path.contains(['{', '#']) || *self.run.stop.borrow() {
                continue;
            }
            let query = declared.parameters.iter().filter(|one| one.location == Location::Query);
            for one in query.filter(|one| !conformance_api::pages::Pages::is_name(&one.name)) {
                let merged = one.schema.as_deref().map(|at| self.run.api.schemas.merged(at)).unwrap_or_default();
                let is_object = one.style == "deepObject" || merged.kind() == Some("object");
                let rule = |name: &str, level: Level, what: &str| {
                    let statement =
                        format!("GET {} rejects a request in which `{}` is {what}", declared.path, one.name);
                    Rule::new(
                        format!("{}.{name}", declared.id),
                        level,
                        statement,
                        format!("{}/parameters", declared.pointer),
                    )
                };
                if one.required && !is_object {
                    let arguments = Arguments { without: Some(one.name.clone()), ..Arguments::default() };
                    let answer = self.send(at, arguments).await;
                    self.judge_rejected(rule("wants-parameters", Level::Must, "missing"), at, &answer);
                }
                let wrong = match merged.kind() {
                    _ if merged.enumeration.is_some() && merged.kind() != Some("array") => "conformance-no-such-value",
                    Some("integer" | "number") => "many",
                    Some("boolean") => "perhaps",
                    _ => continue,
                };
                let answer = self.send(at, Arguments::default().with(&one.name, &wrong)).await;
                self.judge_no_error(at, &answer);
                self.judge_rejected(rule("rejects-parameters", Level::Should, wrong), at, &answer);
            }
        }
    }
}
