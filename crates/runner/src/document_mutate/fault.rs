//! Faults of a server that any document lets one think of: one per thing that the document promises of a resource.
//!
//! A fault is data. [`of`] derives them from what a document means; `boundary` applies them.

use std::collections::BTreeSet;

use conformance_api::media::is_json;
use conformance_api::{Api, Merged, Proof, Resource, Role, Side, shape};
use conformance_openapi::Operation as Declared;
use serde_json::Value;

/// So many members of one body are left unchecked, one at a time.
const MEMBERS: usize = 4;

/// Something that a server may do wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentFault {
    /// `pets.create-not-stored`
    pub name: String,
    /// What is wrong, in a line.
    pub summary: String,
    /// The requirement that it breaks: `getPet.finds-created`.
    pub breaks: String,
    /// The resource.
    pub resource: usize,
    /// The operation that does it.
    pub operation: usize,
    /// What it does.
    pub change: Change,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Success has this status.
    Status(u16),
    /// The objects in the response lack this member.
    Drop(String),
    /// This member of the objects has a value of another type.
    Retype(String, Value),
    /// What was created is not found.
    NotStored,
    /// An update is answered, and changes nothing.
    UpdateIgnored,
    /// An update changes this member, too.
    UpdateResets(String),
    /// What was deleted is still found.
    DeleteIgnored,
    /// What was deleted is still listed.
    StillListed,
    /// The list lacks its first object.
    ListDrops,
    /// A page begins with the last object of the page before.
    ListRepeats,
    /// This query parameter, the size of a page, is ignored.
    SizeIgnored(String),
    /// Requests without credentials are let in.
    Open,
    /// A body in which this member breaks this keyword is accepted.
    Unchecked {
        /// The member.
        member: String,
        /// `required`, `maxLength`, `enum`, …
        keyword: &'static str,
    },
    /// A body that is not JSON is answered 500.
    MalformedFails,
    /// An id that nobody has is answered with this status.
    UnknownId(u16),
    /// The bodies of 4XX responses are something else.
    ErrorBody,
}

/// The operations of a resource, and what is known of them.
struct Known<'a> {
    api: &'a Api,
    proof: &'a Proof,
    at: usize,
    /// The resource's name among the faults.
    name: String,
    faults: Vec<DocumentFault>,
}

/// The faults that a document lets one think of, resource by resource.
#[must_use]
pub fn of(api: &Api, proof: &Proof) -> Vec<DocumentFault> {
    let mut names = BTreeSet::new();
    let mut all = Vec::new();
    for (at, resource) in api.resources.iter().enumerate() {
        let mut known = Known { api, proof, at, name: name(resource, &mut names), faults: Vec::new() };
        if known.on(Role::Create).is_none() || known.on(Role::Delete).is_none() {
            // Nothing is made there that a run may look at.
            continue;
        }
        known.responses();
        known.state();
        known.unknown_ids();
        known.lists();
        known.requests();
        all.append(&mut known.faults);
    }
    all
}

/// The fixed parts of a path: `projects-tasks`; numbered where several have the same.
fn name(resource: &Resource, names: &mut BTreeSet<String>) -> String {
    let parts: Vec<&str> =
        resource.collection.split('/').filter(|one| !one.is_empty() && !one.contains("{}")).collect();
    let base = if parts.is_empty() { "objects".to_owned() } else { parts.join("-") };
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    let free = std::iter::once(base.clone()).chain(numbered).find(|one| !names.contains(one)).unwrap_or(base);
    names.insert(free.clone());
    free
}

impl<'a> Known<'a> {
    fn on(&self, role: Role) -> Option<usize> {
        super::operation(self.api, self.at, role)
    }

    fn declared(&self, operation: usize) -> &'a Declared {
        &self.api.document.operations[operation]
    }

    /// Adds a fault of an operation that breaks a requirement of an operation.
    fn add(&mut self, operation: usize, what: &str, change: Change, (of, rule): (usize, &str), summary: String) {
        let name = format!("{}.{what}", self.name);
        let breaks = format!("{}.{rule}", self.declared(of).id);
        self.faults.push(DocumentFault { name, summary, breaks, resource: self.at, operation, change });
    }

    /// The object in an operation's success.
    fn object(&self, operation: usize) -> Option<Merged<'a>> {
        let shape = self.api.operations[operation].success.shape.as_ref()?;
        Some(self.api.schemas.merge(&shape::inside(&self.api.schemas, shape)))
    }

    /// Statuses, members and error bodies.
    fn responses(&mut self) {
        for (role, word) in [
            (Role::List, "list"),
            (Role::Create, "create"),
            (Role::Retrieve, "retrieve"),
            (Role::Update, "update"),
            (Role::Replace, "replace"),
            (Role::Delete, "delete"),
        ] {
            let Some(at) = self.on(role) else { continue };
            let declared = self.declared(at);
            let is_free = |status: &u16| {
                let known =
                    |one: &str| one == status.to_string() || one == "default" || one.eq_ignore_ascii_case("2XX");
                !declared.responses.iter().any(|one| known(&one.status))
            };
            if let Some(status) = [202, 203, 200].into_iter().find(is_free).filter(|_| !declared.responses.is_empty()) {
                let summary = format!("{word} is answered {status}");
                self.add(at, &format!("{word}-status"), Change::Status(status), (at, "documented-status"), summary);
            }
            if role != Role::Delete {
                self.members(at, word);
            }
            if role != Role::List && self.documents_errors(at) {
                let summary = format!("4XX responses of {word} have other bodies than documented");
                self.add(at, &format!("{word}-error-body"), Change::ErrorBody, (at, "documented-body"), summary);
            }
            if !declared.security.is_empty() && !declared.security.iter().any(Vec::is_empty) {
                let summary = format!("{word} needs no credentials");
                self.add(at, &format!("{word}-open"), Change::Open, (at, "wants-credentials"), summary);
            }
        }
    }

    fn members(&mut self, at: usize, word: &str) {
        let Some(object) = self.object(at) else { return };
        let is_id = |name: &str| self.api.resources[self.at].identity.iter().any(|one| one.name == name);
        let required = object.required.iter().filter(|name| object.property(name).is_some());
        let needed = required.min_by_key(|name| is_id(name)).map(|name| (*name).to_owned());
        let typed = object.properties.iter().find_map(|(name, schemas)| {
            let merged = self.api.schemas.merge(schemas);
            let is_plain = merged.choices.is_empty() && !merged.write_only && !is_id(name);
            let wrong = match merged.kind().filter(|_| is_plain && merged.types.is_some())? {
                "string" => Value::from(1),
                "integer" | "number" | "boolean" | "array" | "object" => Value::from("of another type"),
                _ => return None,
            };
            Some(((*name).to_owned(), wrong))
        });
        if let Some(member) = needed {
            let summary = format!("`{member}` is missing from what {word} answers");
            self.add(at, &format!("{word}-drops-member"), Change::Drop(member), (at, "documented-body"), summary);
        }
        if let Some((member, wrong)) = typed {
            let summary = format!("`{member}` has another type in what {word} answers");
            self.add(
                at,
                &format!("{word}-retypes-member"),
                Change::Retype(member, wrong),
                (at, "documented-body"),
                summary,
            );
        }
    }

    /// Whether an operation documents JSON for some 4XX, and not just anything.
    fn documents_errors(&self, at: usize) -> bool {
        let responses =
            self.declared(at).responses.iter().filter(|one| one.status.starts_with('4') && one.status != "4XX");
        let mut schemas = responses
            .flat_map(|one| &one.media)
            .filter(|one| is_json(&one.media_type))
            .filter_map(|one| one.schema.as_deref());
        schemas.any(|pointer| !self.proof.is_valid(Side::Response, pointer, &super::WRONG_ERROR.into()))
    }

    /// Objects that are not kept, not changed, not deleted.
    fn state(&mut self) {
        let (create, retrieve) = (self.on(Role::Create), self.on(Role::Retrieve));
        if let (Some(create), Some(retrieve)) = (create, retrieve) {
            let summary = "what was created is not found".to_owned();
            self.add(create, "create-not-stored", Change::NotStored, (retrieve, "finds-created"), summary);
        }
        if let (Some(update), Some(_)) = (self.on(Role::Update), retrieve) {
            let summary = "an update is answered, and changes nothing".to_owned();
            self.add(update, "update-ignored", Change::UpdateIgnored, (update, "keeps-what-was-sent"), summary);
            if let Some(member) = self.other_text(update) {
                let summary = format!("every update resets `{member}`");
                self.add(
                    update,
                    "update-resets-others",
                    Change::UpdateResets(member),
                    (update, "changes-nothing-else"),
                    summary,
                );
            }
        }
        if let (Some(replace), Some(_)) = (self.on(Role::Replace), retrieve) {
            let summary = "a replacement is answered, and changes nothing".to_owned();
            self.add(replace, "replace-ignored", Change::UpdateIgnored, (replace, "keeps-what-was-sent"), summary);
        }
        let Some(delete) = self.on(Role::Delete) else { return };
        if let Some(retrieve) = retrieve {
            let summary = "what was deleted is still found".to_owned();
            self.add(delete, "delete-ignored", Change::DeleteIgnored, (retrieve, "forgets-deleted"), summary);
        }
        if let Some(list) = self.on(Role::List) {
            let summary = "what was deleted is still listed".to_owned();
            self.add(delete, "deleted-still-listed", Change::StillListed, (list, "forgets-deleted"), summary);
        }
    }

    /// Ids that nobody has.
    fn unknown_ids(&mut self) {
        for role in [Role::Retrieve, Role::Update, Role::Replace, Role::Delete] {
            // A client may name what it puts: no id is unknown then.
            let is_named = self.api.resources[self.at].identity.first().is_none_or(|one| one.is_given);
            let Some(at) = self.on(role).filter(|_| role != Role::Replace || !is_named) else { continue };
            for status in [200, 500] {
                let what = format!("{}-unknown-id-{status}", role.name());
                let summary = format!("{} answers {status} to an id that nobody has", role.name());
                self.add(at, &what, Change::UnknownId(status), (at, "unknown-id"), summary);
            }
        }
    }

    /// A text of an update's body that may be anything, and that the object shows: the last, since a run changes the first.
    fn other_text(&self, update: usize) -> Option<String> {
        let (_, pointer) = super::json_body(self.declared(update))?;
        let shown = self.object(update)?;
        let body = self.api.schemas.merged(pointer);
        let is_free = |one: &Merged<'_>| {
            one.kind() == Some("string")
                && one.enumeration.is_none()
                && one.constant.is_none()
                && one.format.is_none()
                && one.patterns.is_empty()
                && !one.read_only
                && one.bounds.max_length.is_none_or(|most| most >= 8)
        };
        let free = body
            .properties
            .iter()
            .filter(|(name, schemas)| is_free(&self.api.schemas.merge(schemas)) && shown.property(name).is_some());
        free.map(|(name, _)| (*name).to_owned()).next_back()
    }

    fn lists(&mut self) {
        let Some(list) = self.on(Role::List) else { return };
        let summary = "the list lacks its first object".to_owned();
        self.add(list, "list-drops-one", Change::ListDrops, (list, "lists-created"), summary);
        let Some(pages) = &self.api.operations[list].pages else { return };
        let limit = pages.limit.as_ref().map(|limit| limit.parameter.clone());
        if limit.is_some() && !pages.styles.is_empty() {
            let summary = "a page begins with the last object of the page before".to_owned();
            self.add(list, "list-repeats-one", Change::ListRepeats, (list, "each-object-once"), summary);
        }
        if let Some(limit) = limit {
            let summary = format!("`{limit}` is ignored");
            self.add(list, "page-size-ignored", Change::SizeIgnored(limit), (list, "page-size"), summary);
        }
    }

    /// What a create does not check.
    fn requests(&mut self) {
        let Some(create) = self.on(Role::Create) else { return };
        let Some((_, pointer)) = super::json_body(self.declared(create)) else { return };
        let summary = "a body that is not JSON is answered 500".to_owned();
        self.add(create, "malformed-fails", Change::MalformedFails, (create, "rejects-malformed"), summary);
        let body = self.api.schemas.merged(pointer);
        // What only the server writes is not asked of a client, whatever `required` says.
        let is_asked = |name: &&&str| body.property(name).is_some_and(|one| !self.api.schemas.merge(one).read_only);
        let required = body.required.iter().filter(is_asked);
        let mut unchecked: Vec<(String, &'static str)> =
            required.take(MEMBERS).map(|name| ((*name).to_owned(), "required")).collect();
        let mut bounds = Vec::new();
        let mut words = Vec::new();
        for (name, schemas) in &body.properties {
            let merged = self.api.schemas.merge(schemas);
            if merged.read_only || !merged.choices.is_empty() {
                continue;
            }
            bounds.extend(keyword(&merged).map(|keyword| ((*name).to_owned(), keyword)));
            words.extend(merged.enumeration.is_some().then(|| ((*name).to_owned(), "enum")));
        }
        unchecked.extend(bounds.into_iter().take(MEMBERS));
        unchecked.extend(words.into_iter().take(MEMBERS));
        for (member, keyword) in unchecked {
            let what = format!("create-{member}-{keyword}-unchecked");
            let summary = format!("`{keyword}` of `{member}` is not checked");
            self.add(create, &what, Change::Unchecked { member, keyword }, (create, "rejects-wrong-bodies"), summary);
        }
    }
}

/// The bound of a member that a body can break; upper ones first.
fn keyword(merged: &Merged<'_>) -> Option<&'static str> {
    let bounds = &merged.bounds;
    match merged.kind() {
        Some("string") => {
            let least = bounds.min_length.filter(|least| *least > 0);
            bounds.max_length.map(|_| "maxLength").or_else(|| least.map(|_| "minLength"))
        }
        Some("integer" | "number") => bounds.maximum.map(|_| "maximum").or_else(|| bounds.minimum.map(|_| "minimum")),
        Some("array") => bounds.max_items.map(|_| "maxItems"),
        _ => None,
    }
}
