//! What is expected of responses, and what came of it.

use conformance_api::media::{essence, is_json};
use conformance_api::names::plain;
use conformance_api::{Api, Side};
use conformance_openapi::Response as Documented;
use conformance_record::{CheckOutcome, Cited, Level, Mismatch, Position, Verdict};
use serde_json::Value;

use super::session::{Answer, Session, documented};

/// A requirement that follows from the document.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// `listPets.documented-status`
    pub id: String,
    pub level: Level,
    pub statement: String,
    /// Where in the document it is seen.
    pub pointer: String,
}

impl Rule {
    pub fn new(id: impl Into<String>, level: Level, statement: impl Into<String>, pointer: impl Into<String>) -> Self {
        Self { id: id.into(), level, statement: statement.into(), pointer: pointer.into() }
    }
}

impl Session<'_> {
    /// Notes what came of a check. `found` is what is otherwise than expected; nothing when the requirement holds.
    pub(crate) fn judge(&mut self, rule: Rule, answer: &Answer, expected: impl Into<String>, found: Vec<Mismatch>) {
        let verdict = match (&answer.obstacle, found.is_empty(), rule.level) {
            (Some(obstacle), ..) => Verdict::CouldNotRun(obstacle.clone()),
            (None, true, _) => Verdict::Pass,
            (None, false, Level::Must) => Verdict::Fail,
            (None, false, Level::Should) => Verdict::Warn,
            (None, false, Level::Info) => Verdict::NotApplicable("worth knowing, and no failure".to_owned()),
        };
        self.note(rule, Some(answer.number), expected, verdict, found);
    }

    /// Notes that a check does not apply, and why.
    pub(crate) fn skip(&mut self, rule: Rule, why: impl Into<String>) {
        let why = self.secrets().scrub(&why.into());
        self.note(rule, None, "", Verdict::NotApplicable(why), Vec::new());
    }

    fn note(
        &mut self,
        rule: Rule,
        exchange: Option<usize>,
        expected: impl Into<String>,
        verdict: Verdict,
        found: Vec<Mismatch>,
    ) {
        let (rule, verdict) = self.as_required(rule, verdict);
        let name = self.run.api.document.name.clone();
        let secrets = self.secrets();
        let scrub =
            |one: Mismatch| Mismatch { found: secrets.scrub(&one.found), place: secrets.scrub(&one.place), ..one };
        // The file is read once more to find its lines: only when there is something to tell.
        let is_told = !matches!(verdict, Verdict::Pass | Verdict::NotApplicable(_));
        let line = if is_told { self.run.api.document.line(&rule.pointer).unwrap_or(0) } else { 0 };
        let cited = Cited {
            id: rule.id,
            level: rule.level,
            statement: rule.statement,
            sources: vec![format!("{name}#{}", rule.pointer)],
        };
        self.checks.push(CheckOutcome {
            verdict,
            level: rule.level,
            requirements: vec![cited],
            position: Position { file: name, line, column: 0 },
            source: String::new(),
            exchange,
            expected: expected.into(),
            meanings: Vec::new(),
            found: Mismatch::first_few(found.into_iter().map(scrub).collect()),
        });
    }

    /// A rule and its verdict as the requirements beside the document want them.
    fn as_required(&self, rule: Rule, verdict: Verdict) -> (Rule, Verdict) {
        let Some(own) = self.run.beside.own.get(&rule.id).filter(|_| rule.level != Level::Info) else {
            return (rule, verdict);
        };
        let verdict = match (verdict, own.excluded) {
            (Verdict::Fail | Verdict::Warn | Verdict::Pass, Some(why)) => {
                Verdict::NotApplicable(why.reason().to_owned())
            }
            (Verdict::Fail | Verdict::Warn, None) => match own.level {
                Level::Must => Verdict::Fail,
                Level::Should => Verdict::Warn,
                Level::Info => Verdict::NotApplicable("worth knowing, and no failure".to_owned()),
            },
            (verdict, _) => verdict,
        };
        (Rule { level: own.level, ..rule }, verdict)
    }

    /// Whether a response is one that the document has: its status, and the body by the schema of that status.
    pub(crate) fn judge_documented(&mut self, at: usize, answer: &Answer) {
        let declared = self.declared(at);
        let status = answer.status.unwrap_or(0);
        let found = documented(declared, status);
        let (id, pointer) = (declared.id.clone(), declared.pointer.clone());
        let statement = format!("{} {} is answered with a documented status", declared.method, declared.path);
        // A rejection that is not documented is no broken promise: documents leave them out.
        let level = if answer.is_rejection() { Level::Info } else { Level::Must };
        let known: Vec<&str> = declared.responses.iter().map(|one| one.status.as_str()).collect();
        let wrong = if found.is_none() && !known.is_empty() {
            vec![Mismatch::of(format!("the status is {status}"))]
        } else {
            Vec::new()
        };
        let rule = Rule::new(format!("{id}.documented-status"), level, statement, format!("{pointer}/responses"));
        self.judge(rule, answer, format!("one of {}", known.join(", ")), wrong);
        let Some(response) = found.filter(|_| answer.obstacle.is_none()) else { return };
        self.judge_headers(at, response, answer);
        let Some(media) = response.media.iter().find(|one| is_json(&one.media_type)) else { return };
        let Some(schema) = media.schema.as_deref() else { return };
        let sent = self.exchanges[answer.number].response.as_ref();
        let content_type = sent.ok().and_then(|one| one.header("content-type")).unwrap_or("").to_owned();
        let is_known = response.media.iter().any(|one| conformance_api::media::takes(&one.media_type, &content_type));
        // JSON that is of no kind is read all the same: problems, JSON:API and others say that they have their own.
        let has_its_own = response.media.iter().any(|one| essence(&one.media_type).ends_with("+json"));
        let is_vague = has_its_own && essence(&content_type) == "application/json" && !is_known;
        if (!content_type.is_empty() && !is_json(&content_type)) || is_vague {
            let statement = format!("{} {} is answered with a documented media type", declared.method, declared.path);
            let level = if is_vague { Level::Should } else { Level::Must };
            let name = if is_vague { "exact-media-type" } else { "documented-media-type" };
            let rule =
                Rule::new(format!("{id}.{name}"), level, statement, format!("{pointer}/responses/{}", response.status));
            let wrong =
                if is_known { Vec::new() } else { vec![Mismatch::of(format!("content-type is {content_type}"))] };
            self.judge(rule, answer, &media.media_type, wrong);
            if !is_vague {
                return;
            }
        }
        self.judge_body(at, response, schema, answer);
        if answer.is_rejection() {
            self.judge_told_status(at, response, schema, answer);
        }
    }

    /// Whether a body is one that its schema allows.
    fn judge_body(&mut self, at: usize, response: &Documented, schema: &str, answer: &Answer) {
        let declared = self.declared(at);
        let statement =
            format!("{} {} is answered with a body of the documented schema", declared.method, declared.path);
        let pointer = format!("{}/responses/{}", declared.pointer, response.status);
        let rule = Rule::new(format!("{}.documented-body", declared.id), Level::Must, statement, pointer);
        let wrong = match &answer.json {
            None => vec![Mismatch::of("the body is not JSON")],
            Some(body) => {
                let violations = self.proof().violations(Side::Response, schema, body);
                let mismatch = |one: conformance_api::Violation| Mismatch {
                    place: one.at.iter().map(|step| format!("/{step}")).collect(),
                    found: one.message,
                    ..Mismatch::default()
                };
                violations.into_iter().map(mismatch).collect()
            }
        };
        self.judge(rule, answer, format!("a body that #{schema} allows"), wrong);
    }

    /// Whether the body of an error says the status with which it is answered, where it says one.
    fn judge_told_status(&mut self, at: usize, response: &Documented, schema: &str, answer: &Answer) {
        let status = answer.status.unwrap_or(0);
        let Some(place) = status_member(self.run.api, schema) else { return };
        let told = place.iter().try_fold(answer.json.as_ref(), |here, name| Some(here?.get(name))).flatten();
        // A number that is no status of an error is a code of another kind.
        let Some(told) = told.and_then(Value::as_u64).filter(|told| (400..600).contains(told)) else { return };
        let wrong = if told == u64::from(status) {
            Vec::new()
        } else {
            vec![Mismatch::of(format!("the status is {status}, and the body says {told}"))]
        };
        let declared = self.declared(at);
        let statement =
            format!("{} {} says in the bodies of errors which status they have", declared.method, declared.path);
        // RFC 9457, 3.1.2
        let is_problem = response.media.iter().any(|one| essence(&one.media_type) == "application/problem+json");
        let level = if is_problem { Level::Must } else { Level::Should };
        let pointer = format!("{}/responses/{}", declared.pointer, response.status);
        let rule = Rule::new(format!("{}.error-status", declared.id), level, statement, pointer);
        self.judge(rule, answer, format!("{status} at /{}", place.join("/")), wrong);
    }

    /// Whether a response has the header fields that the document requires of it, and of those that it has, the documented ones.
    fn judge_headers(&mut self, at: usize, response: &Documented, answer: &Answer) {
        let required: Vec<&str> =
            response.headers.iter().filter(|one| one.required).map(|one| one.name.as_str()).collect();
        let Ok(sent) = &self.exchanges[answer.number].response else { return };
        let missing = required.iter().filter(|name| sent.header(&name.to_ascii_lowercase()).is_none());
        let missing = missing.map(|name| Mismatch::of(format!("the header `{name}` is missing"))).collect();
        let shown = response.headers.iter().filter_map(|one| Some((one, sent.header(&one.name.to_ascii_lowercase())?)));
        let fields: Vec<(&str, Vec<Mismatch>)> =
            shown.filter_map(|(one, text)| Some((one.name.as_str(), self.wrong_field(one, text)?))).collect();
        let declared = self.declared(at);
        let pointer = format!("{}/responses/{}/headers", declared.pointer, response.status);
        if !required.is_empty() {
            let statement = format!("{} {} is answered with the required headers", declared.method, declared.path);
            let rule = Rule::new(format!("{}.required-headers", declared.id), Level::Must, statement, pointer.clone());
            self.judge(rule, answer, required.join(", "), missing);
        }
        if !fields.is_empty() {
            let statement = format!("{} {} is answered with headers of their schemas", declared.method, declared.path);
            let rule = Rule::new(format!("{}.documented-headers", declared.id), Level::Must, statement, pointer);
            let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
            let expected = format!("{} as documented", names.join(", "));
            self.judge(rule, answer, expected, fields.into_iter().flat_map(|(_, wrong)| wrong).collect());
        }
    }

    /// What is wrong with the value of a header field that is documented as a number or a boolean. Texts may be anything: dates
    /// and lists are written in ways of their own.
    fn wrong_field(&self, field: &conformance_openapi::Header, text: &str) -> Option<Vec<Mismatch>> {
        let pointer = field.schema.as_deref()?;
        let is_right = match self.run.api.schemas.merged(pointer).kind()? {
            "integer" => text.trim().parse::<i128>().is_ok(),
            "number" => text.trim().parse::<f64>().is_ok(),
            "boolean" => matches!(text.trim(), "true" | "false"),
            _ => return None,
        };
        let wrong = Mismatch::of(format!("the header `{}` is {text}", field.name));
        Some(if is_right { Vec::new() } else { vec![wrong] })
    }

    /// Whether a request was rejected with a 4XX; the documented ones have their documented bodies.
    pub(crate) fn judge_rejected(&mut self, rule: Rule, at: usize, answer: &Answer) {
        let status = answer.status.unwrap_or(0);
        let wrong =
            if answer.is_rejection() { Vec::new() } else { vec![Mismatch::of(format!("the status is {status}"))] };
        self.judge(rule, answer, "a 4XX response", wrong);
        let declared = self.declared(at);
        let is_exact = declared.responses.iter().any(|one| one.status == status.to_string());
        if answer.is_rejection() && is_exact {
            self.judge_documented(at, answer);
        }
    }
}

/// Where the bodies of errors of a schema say their status: in a member that is named for it, or described so; at their top or one
/// level below.
pub(crate) fn status_member(api: &Api, schema: &str) -> Option<Vec<String>> {
    let schemas = &api.schemas;
    let is_status = |name: &str, property: &[&Value]| {
        let name = plain(name);
        let is_said = || {
            let texts = property.iter().filter_map(|one| one.get("description")?.as_str());
            texts.into_iter().any(|text| text.to_ascii_lowercase().contains("http status"))
        };
        let is_named = matches!(name.as_str(), "status" | "statuscode" | "httpstatus") || (name == "code" && is_said());
        is_named && schemas.merge(property).kind() == Some("integer")
    };
    let body = schemas.merged(schema);
    let here = body.properties.iter().find(|(name, property)| is_status(name, property));
    here.map(|(name, _)| vec![(*name).to_owned()]).or_else(|| {
        body.properties.iter().find_map(|(outer, property)| {
            let inner = schemas.merge(property);
            let (name, _) = inner.properties.iter().find(|(name, property)| is_status(name, property))?;
            Some(vec![(*outer).to_owned(), (*name).to_owned()])
        })
    })
}
