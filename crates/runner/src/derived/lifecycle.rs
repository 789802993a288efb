//! An object from its creation to its deletion: what was written is read, what is deleted is gone.

use conformance_api::Role;
use conformance_api::names::{is_created, is_updated};
use conformance_record::{Level, Mismatch};
use serde_json::Value;

use super::check::Rule;
use super::compare::{agrees, moment};
use super::request::Arguments;
use super::session::{Answer, Object, Session};
use super::{creation, operation};

impl Session<'_> {
    pub(crate) async fn lifecycle(&mut self, at: usize) {
        let api = self.run.api;
        let Some(create) = creation(api, at) else { return };
        let rule = |session: &Self| {
            let declared = session.declared(create);
            Rule::new(
                format!("{}.creates", declared.id),
                Level::Must,
                format!("{} {} creates an object", declared.method, declared.path),
                declared.pointer.clone(),
            )
        };
        let object = match self.create(at).await {
            Ok(object) => object,
            Err(why) => {
                // It may be what it stands below that could not be had: each operation is blamed for its own.
                if let Some((last, called)) = self.exchanges.len().checked_sub(1).zip(self.calls.last().copied()) {
                    let answer = self.answer_of(last);
                    if answer.obstacle.is_some() || answer.status.is_some_and(|status| status >= 500) {
                        self.judge_documented(called, &answer);
                    }
                }
                let rule = rule(self);
                return self.skip(rule, why);
            }
        };
        self.begins(at, create, &object).await;
        self.lives(at, object).await;
    }

    /// What was created is shown, found and listed as it was sent.
    async fn begins(&mut self, at: usize, create: usize, object: &Object) {
        let made = self.answer_of(object.number);
        self.judge_documented(create, &made);
        self.says_what_it_did(create, &made, true);
        self.shows(create, &object.sent, &object.members, &made, "shows what was sent");
        self.names_its_place(create, object, &made);
        self.names_its_parents(create, object, &object.members.clone(), &made);
        self.reads_back(at, object).await;
        self.reads_below(at, object).await;
        self.acts(at, object).await;
        self.is_listed(at, object, true).await;
    }

    /// One of several objects is changed in every way that there is, and deleted; the others stay as they are.
    async fn lives(&mut self, at: usize, object: Object) {
        let api = self.run.api;
        let above = object.path[..object.path.len() - 1].to_vec();
        // What is done is done to an object with another one before it and another after it, below the same parent.
        let mut all = vec![object];
        all.extend(self.create_at(at, &above).await);
        let full = self.create_full(at, &above).await;
        let own = all.len() - usize::from(full.is_err());
        all.extend(full);
        all.extend(self.create_at(at, &above).await);
        let object = all.remove(own);
        let mut witnesses: Vec<(Object, Value)> = Vec::new();
        for one in all.into_iter().filter(|one| one.path != object.path) {
            if let Some((shown, _)) = self.current(at, &one).await {
                witnesses.push((one, shown));
            }
        }
        self.updates(at, &object, &witnesses).await;
        self.are_untouched(at, Role::Update, &witnesses).await;
        if operation(api, at, Role::Update).is_some() {
            self.lists_updated(at, &object).await;
        }
        self.replaces(at, &object, &witnesses).await;
        self.are_untouched(at, Role::Replace, &witnesses).await;
        self.keeps_its_own(at, &object).await;
        self.sets_its_own(at, &object, witnesses.first().map(|(one, _)| one)).await;
        self.protects(at, &object).await;
        self.hides_from_others(at, &above).await;
        self.rejects_stale(at, &object).await;
        self.tells_versions(at, &object).await;
        self.deletes(at, &object).await;
        self.are_untouched(at, Role::Delete, &witnesses).await;
    }

    /// Whether a `PUT` says that it created something, or that it did not (RFC 9110, 9.3.4).
    pub(crate) fn says_what_it_did(&mut self, at: usize, answer: &Answer, created: bool) {
        let declared = self.declared(at);
        let documents = |status: &str| declared.responses.iter().any(|one| one.status == status);
        // Where something else creates, a 201 of the document's has a meaning of its own.
        let resource = self.run.api.operations[at].resource;
        let creates = resource.is_none_or(|resource| creation(self.run.api, resource) == Some(at));
        let is_put = declared.method == "PUT" && creates && documents("201") && (documents("200") || documents("204"));
        let status = answer.status.filter(|_| is_put && answer.is_success());
        let Some(status) = status.filter(|status| matches!(status, 200 | 201 | 204)) else { return };
        let statement = format!("{} {} says whether it created an object", declared.method, declared.path);
        let pointer = format!("{}/responses", declared.pointer);
        let rule = Rule::new(format!("{}.says-created", declared.id), Level::Must, statement, pointer);
        let wrong = Mismatch::of(format!("the status is {status}"));
        let expected = if created { "201: there was none" } else { "200 or 204: there was one" };
        self.judge(rule, answer, expected, if (status == 201) == created { Vec::new() } else { vec![wrong] });
    }

    /// Whether a documented `Location` leads to what was created.
    fn names_its_place(&mut self, create: usize, object: &Object, made: &Answer) {
        let declared = self.declared(create);
        let status = made.status.unwrap_or(0).to_string();
        let response = declared.responses.iter().find(|one| one.status == status);
        let field = response.and_then(|one| one.headers.iter().find(|one| one.name.eq_ignore_ascii_case("location")));
        let sent = self.exchanges[made.number].response.as_ref().ok().and_then(|one| one.header("location"));
        let (Some(_), Some(place)) = (field, sent.map(str::to_owned)) else { return };
        let wrong = if self.leads_to(create, object, &place) {
            Vec::new()
        } else {
            vec![Mismatch::of(format!("it is {place}"))]
        };
        let statement = format!("{} {} says in `Location` where the object is", declared.method, declared.path);
        let pointer = format!("{}/responses/{status}/headers", declared.pointer);
        let rule = Rule::new(format!("{}.location", declared.id), Level::Must, statement, pointer);
        self.judge(rule, made, format!("an address of the document that ends in {}", object.id), wrong);
    }

    /// Whether an address ends in the id of an object, and in a path of the document. Where a server stands
    /// behind others, its addresses may begin otherwise.
    fn leads_to(&self, create: usize, object: &Object, place: &str) -> bool {
        let place = place.split(['?', '#']).next().unwrap_or("").trim_end_matches('/');
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let last = decoded(place.rsplit('/').next().unwrap_or(""));
        let is_named = object.id == last || object.ids.iter().any(|(_, id)| *id == last);
        // What begins with neither a slash nor an origin begins where the request was sent to (RFC 9110, 10.2.2).
        let is_relative = !place.starts_with('/') && !place.contains("://");
        let base = self.declared(create).path.trim_end_matches('/').rsplit_once('/').map_or("", |(before, _)| before);
        let steps: Vec<&str> = base
            .split('/')
            .filter(|_| is_relative)
            .chain(place.split('/'))
            .filter(|one| !matches!(*one, "" | "."))
            .collect();
        let is_at = |template: &str| {
            let template: Vec<&str> =
                template.split(['?', '#']).next().unwrap_or("").split('/').filter(|one| !one.is_empty()).collect();
            let skipped = steps.len().checked_sub(template.len());
            skipped.is_some_and(|skipped| {
                template
                    .iter()
                    .zip(&steps[skipped..])
                    .all(|(wanted, found)| wanted.contains('{') || found.contains('{') || decoded(found) == **wanted)
            })
        };
        let operations = &self.run.api.document.operations;
        let mut items = operations.iter().filter(|one| one.path.ends_with('}')).peekable();
        is_named && (items.peek().is_none() || items.any(|one| is_at(&one.path)))
    }

    /// Whether other objects are what they were after something was done to their neighbour.
    pub(crate) async fn are_untouched(&mut self, at: usize, role: Role, witnesses: &[(Object, Value)]) {
        let Some(done) = operation(self.run.api, at, role) else { return };
        for (witness, before) in witnesses {
            self.is_untouched(at, done, witness, before).await;
        }
    }

    async fn is_untouched(&mut self, at: usize, done: usize, witness: &Object, before: &Value) {
        let Some(retrieve) = operation(self.run.api, at, Role::Retrieve) else { return };
        let answer = self.send(retrieve, Arguments::at(&witness.path)).await;
        let declared = self.declared(done);
        let statement = format!("{} {} leaves other objects alone", declared.method, declared.path);
        let rule =
            Rule::new(format!("{}.only-that-one", declared.id), Level::Must, statement, declared.pointer.clone());
        let found = self.object_in(retrieve, &answer).filter(|_| answer.is_success());
        let wrong = match found {
            None => vec![Mismatch::of(format!("GET of another one is answered {}", answer.status.unwrap_or(0)))],
            Some(found) => self.changed(retrieve, done, before, &found),
        };
        self.judge(rule, &answer, "another object as it was", wrong);
    }

    /// The answer of an exchange that was made before.
    pub(crate) fn answer_of(&self, number: usize) -> Answer {
        let exchange = &self.exchanges[number];
        let response = exchange.response.as_ref().ok();
        let obstacle = exchange.response.as_ref().err().map(ToString::to_string);
        let json = response.and_then(|one| conformance_json::parse(&one.body).ok());
        Answer { number, status: response.map(|one| one.status), json, obstacle }
    }

    /// The object within the answer of an operation.
    pub(crate) fn object_in(&self, at: usize, answer: &Answer) -> Option<Value> {
        let body = answer.json.as_ref()?;
        let shape = self.run.api.operations[at].success.shape.as_ref();
        Some(self.plain(shape, shape.and_then(|shape| self.within(shape, body)).unwrap_or(body)))
    }

    /// Whether members that were sent are in an object that has members of the same name and schema.
    pub(crate) fn shows(&mut self, at: usize, sent: &Value, object: &Value, answer: &Answer, what: &str) {
        let declared = self.declared(at);
        if self.comparable(at).is_empty() || !sent.is_object() {
            return;
        }
        let wrong = self.different(at, sent, object);
        let statement = format!("{} {} {what}", declared.method, declared.path);
        let rule =
            Rule::new(format!("{}.keeps-what-was-sent", declared.id), Level::Must, statement, declared.pointer.clone());
        self.judge(rule, answer, "the members that were sent, as they were sent", wrong);
    }

    async fn reads_back(&mut self, at: usize, object: &Object) {
        let Some(retrieve) = operation(self.run.api, at, Role::Retrieve) else { return };
        let answer = self.send(retrieve, Arguments::at(&object.path)).await;
        let rule = self.found_rule(retrieve);
        let wrong = answer.otherwise_than_success();
        self.judge(rule, &answer, "a 2XX response", wrong);
        if !answer.is_success() {
            return;
        }
        self.judge_documented(retrieve, &answer);
        if let Some(found) = self.object_in(retrieve, &answer) {
            self.shows(retrieve, &object.sent.clone(), &found, &answer, "shows what was sent to its creation");
            let resource = &self.run.api.resources[at];
            let id = self.id_of(resource, &found);
            let declared = self.declared(retrieve);
            let rule = Rule::new(
                format!("{}.same-id", declared.id),
                Level::Must,
                format!("GET {} shows the object that was asked for", declared.path),
                declared.pointer.clone(),
            );
            let wrong = id.filter(|id| *id != object.id).map(|id| Mismatch::of(format!("its id is {id}")));
            self.judge(rule, &answer, format!("the object {}", object.id), wrong.into_iter().collect());
            self.keeps_its_birth(retrieve, object, &found, &answer);
            self.created_as_retrieved(at, object, &found, &answer);
            self.names_its_parents(retrieve, object, &found, &answer);
        }
    }

    /// Whether the response to a create shows the object as it is retrieved right after: in what the server made, but for times, and for
    /// words that may be on their way to others.
    fn created_as_retrieved(&mut self, at: usize, object: &Object, found: &Value, answer: &Answer) {
        let Some(create) = creation(self.run.api, at) else { return };
        let declared = self.declared(create);
        let is_plain = |name: &str, value: &Value| match value {
            Value::String(_) => self.shown(create, name).enumeration.is_none() && moment(value).is_none(),
            Value::Number(_) => moment(value).is_none_or(|_| !is_created(name) && !is_updated(name)),
            Value::Bool(_) => true,
            _ => false,
        };
        let made = object.members.as_object().into_iter().flatten();
        let made = made.filter(|(name, value)| object.sent.get(name.as_str()).is_none() && is_plain(name, value));
        let differing = made.filter_map(|(name, value)| {
            let now = found.get(name).filter(|now| !agrees(value, now, self.shown(create, name).format))?;
            Some(Mismatch {
                place: format!("/{name}"),
                expected: Some(conformance_json::write(now)),
                found: conformance_json::write(value),
                ..Mismatch::default()
            })
        });
        let wrong = differing.collect();
        let statement = format!("{} {} is answered with the object as it is retrieved", declared.method, declared.path);
        let id = format!("{}.same-as-retrieved", declared.id);
        let rule = Rule::new(id, Level::Should, statement, declared.pointer.clone());
        self.judge(rule, answer, "what the server made, as it is retrieved", wrong);
    }

    /// Whether what an object refers to is there when it is deleted.
    async fn leaves_what_it_names(&mut self, at: usize, delete: usize, object: &Object) {
        const MOST: usize = 3;
        let named = |one: &Object| {
            let id = &one.id;
            let says = |value: &Value| {
                value.as_str() == Some(id) || value.as_i64().map(|one| one.to_string()).as_ref() == Some(id)
            };
            one.resource != at
                && !one.id.is_empty()
                && object.sent.as_object().into_iter().flatten().any(|(_, value)| says(value))
        };
        let others: Vec<Object> = self.there.iter().filter(|one| named(one)).take(MOST).cloned().collect();
        for other in others {
            let Some(retrieve) = operation(self.run.api, other.resource, Role::Retrieve) else { continue };
            let answer = self.send(retrieve, Arguments::at(&other.path)).await;
            let wrong =
                if matches!(answer.status, Some(404 | 410)) { answer.otherwise_than_success() } else { Vec::new() };
            let declared = self.declared(delete);
            let statement = format!("{} {} leaves other objects alone", declared.method, declared.path);
            let id = format!("{}.only-that-one", declared.id);
            let rule = Rule::new(id, Level::Must, statement, declared.pointer.clone());
            self.judge(rule, &answer, "what the object named, as it was", wrong);
        }
    }

    /// Whether the time of creation is the one that was told at creation. Stores keep fewer digits than clocks have.
    fn keeps_its_birth(&mut self, retrieve: usize, object: &Object, found: &Value, answer: &Answer) {
        const DIGITS: i128 = 1_000;
        let told = object.members.as_object().into_iter().flatten().filter(|(name, _)| is_created(name));
        let times: Vec<(String, &Value, &Value)> = told
            .filter(|(name, _)| object.sent.get(name.as_str()).is_none())
            .filter_map(|(name, value)| Some((format!("/{name}"), value, found.get(name.as_str())?)))
            .filter(|(_, told, now)| moment(told).is_some() && moment(now).is_some())
            .collect();
        if times.is_empty() {
            return;
        }
        let moved = times.into_iter().filter(|(_, told, now)| {
            moment(told).zip(moment(now)).is_some_and(|(told, now)| (told - now).abs() > DIGITS)
        });
        let wrong = moved.map(|(place, told, now)| Mismatch {
            place,
            expected: Some(conformance_json::write(told)),
            found: conformance_json::write(now),
            ..Mismatch::default()
        });
        let declared = self.declared(retrieve);
        let statement = format!("GET {} tells the time of creation that was told at creation", declared.path);
        let rule = Rule::new(format!("{}.keeps-times", declared.id), Level::Must, statement, declared.pointer.clone());
        self.judge(rule, answer, "the time of creation as it was told", wrong.collect());
    }

    /// The object as its retrieve shows it. What was made is found every time.
    pub(crate) async fn current(&mut self, at: usize, object: &Object) -> Option<(Value, Answer)> {
        let retrieve = operation(self.run.api, at, Role::Retrieve)?;
        let answer = self.send(retrieve, Arguments::at(&object.path)).await;
        if matches!(answer.status, Some(404 | 410 | 500..)) {
            let rule = self.found_rule(retrieve);
            let wrong = vec![Mismatch::of(format!("the status is {}", answer.status.unwrap_or(0)))];
            self.judge(rule, &answer, "a 2XX response", wrong);
        }
        let found = self.object_in(retrieve, &answer).filter(|_| answer.is_success())?;
        Some((found, answer))
    }

    fn found_rule(&self, retrieve: usize) -> Rule {
        let declared = self.declared(retrieve);
        let statement = format!("GET {} finds what was created", declared.path);
        Rule::new(format!("{}.finds-created", declared.id), Level::Must, statement, declared.pointer.clone())
    }

    async fn deletes(&mut self, at: usize, object: &Object) {
        let api = self.run.api;
        let Some(delete) = operation(api, at, Role::Delete) else { return };
        let answer = self.send(delete, Arguments::at(&object.path)).await;
        self.judge_documented(delete, &answer);
        if !answer.is_success() {
            return;
        }
        // Answered is not done: the clean-up looks after it, unless it is seen to be gone.
        let Some(retrieve) = operation(api, at, Role::Retrieve) else {
            self.forget(object);
            return self.is_listed(at, object, false).await;
        };
        let after = self.send(retrieve, Arguments::at(&object.path)).await;
        let is_gone = after.is_rejection() || (after.is_success() && self.shows_deleted(retrieve, &after));
        let accepted_only = answer.status == Some(202);
        let declared = self.declared(retrieve);
        let statement = format!("GET {} does not find what was deleted", declared.path);
        let rule =
            Rule::new(format!("{}.forgets-deleted", declared.id), Level::Must, statement, declared.pointer.clone());
        if accepted_only && !is_gone {
            return self.skip(rule, "the deletion was accepted for later (202)");
        }
        let wrong = if is_gone {
            Vec::new()
        } else {
            vec![Mismatch::of(format!("the status is {}", after.status.unwrap_or(0)))]
        };
        self.judge(rule, &after, "a 4XX response, or an object that says that it is deleted", wrong);
        if is_gone {
            self.leaves_what_it_names(at, delete, object).await;
            self.forget(object);
            let is_exact = self
                .declared(retrieve)
                .responses
                .iter()
                .any(|one| Some(one.status.as_str()) == after.status.map(|status| status.to_string()).as_deref());
            if is_exact {
                self.judge_documented(retrieve, &after);
            }
            self.deletes_once(delete, object).await;
            self.is_listed(at, object, false).await;
        }
    }

    /// What is gone is not deleted again, where the document has a response for that.
    async fn deletes_once(&mut self, delete: usize, object: &Object) {
        let declared = self.declared(delete);
        if !declared.responses.iter().any(|one| matches!(one.status.as_str(), "404" | "410")) {
            return;
        }
        let answer = self.send(delete, Arguments::at(&object.path)).await;
        let statement = format!("DELETE {} does not find what was deleted", declared.path);
        let rule =
            Rule::new(format!("{}.forgets-deleted", declared.id), Level::Must, statement, declared.pointer.clone());
        self.judge_rejected(rule, delete, &answer);
    }
}
