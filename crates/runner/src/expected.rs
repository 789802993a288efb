//! What a run against a document would check, as far as that can be told without a server.
//!
//! A run has the last word: what it finds no way to try, it says so. A rule is a row of `RULES`.

use conformance_api::media::is_json;
use conformance_api::names::{asked_for, plain, same};
use conformance_api::pages::{SORTS, Style};
use conformance_api::versions::{is_version, wants_version};
use conformance_api::{Api, Certainty, Operation, Role};
use conformance_openapi::{Location, Operation as Declared};
use conformance_record::Level;

use crate::derived::unique_members;

/// A requirement that follows from a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// `listPets.documented-status`
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// What it says.
    pub statement: String,
    /// Where in the document it is seen.
    pub pointer: String,
    /// The kinds of scenarios that test it: what stands behind the slash of their names.
    pub tested_by: Vec<&'static str>,
}

/// An operation, and what is known of it.
struct Subject<'a> {
    api: &'a Api,
    operation: &'a Operation,
    declared: &'a Declared,
    /// The kinds of scenarios that call it.
    scenarios: Vec<&'static str>,
}

/// A kind of requirement.
struct Rule {
    /// What stands behind the operation in its id.
    name: &'static str,
    /// What it says; `{}` stands for method and path.
    statement: &'static str,
    /// The operations that it is about; all, when none is named.
    roles: &'static [Role],
    /// The kinds of scenarios that test it.
    scenarios: &'static [&'static str],
    /// What else the operation needs to have.
    applies: fn(&Subject<'_>) -> bool,
    /// How binding it is.
    level: fn(&Subject<'_>) -> Level,
    /// Where below the operation it is seen.
    below: &'static str,
}

const LIFE: &str = "lifecycle";
const REJECTS: &str = "rejects";
const PAGES: &str = "pages";
const UNKNOWN: &str = "unknown-ids";
const READS: &str = "reads";
const ACCESS: &str = "access";
const EVERYWHERE: &[&str] = &[LIFE, REJECTS, PAGES, UNKNOWN, READS, ACCESS];
const WRITES: &[Role] = &[Role::Update, Role::Replace, Role::Delete];

fn always(_: &Subject<'_>) -> bool {
    true
}

fn must(_: &Subject<'_>) -> Level {
    Level::Must
}

fn should(_: &Subject<'_>) -> Level {
    Level::Should
}

/// A rule about any operation with these roles.
const fn rule(
    name: &'static str,
    roles: &'static [Role],
    scenarios: &'static [&'static str],
    statement: &'static str,
) -> Rule {
    Rule { name, statement, roles, scenarios, applies: always, level: must, below: "" }
}

impl Rule {
    const fn if_it(self, applies: fn(&Subject<'_>) -> bool) -> Self {
        Self { applies, ..self }
    }

    const fn level(self, level: fn(&Subject<'_>) -> Level) -> Self {
        Self { level, ..self }
    }

    const fn below(self, below: &'static str) -> Self {
        Self { below, ..self }
    }
}

const RULES: &[Rule] = &[
    rule("documented-status", &[], EVERYWHERE, "{} is answered with a documented status").below("/responses"),
    rule("documented-body", &[], EVERYWHERE, "{} is answered with a body of the documented schema")
        .if_it(has_body)
        .below("/responses"),
    rule("documented-media-type", &[], EVERYWHERE, "{} is answered with a documented media type")
        .if_it(has_body)
        .below("/responses"),
    rule("exact-media-type", &[], EVERYWHERE, "{} is answered with JSON of its documented kind")
        .if_it(has_body)
        .level(should)
        .below("/responses"),
    rule("error-status", &[], EVERYWHERE, "{} says in the bodies of errors which status they have")
        .if_it(tells_status)
        .level(by_problem)
        .below("/responses"),
    rule("required-headers", &[], EVERYWHERE, "{} is answered with the required headers")
        .if_it(requires_headers)
        .below("/responses"),
    rule("documented-headers", &[], EVERYWHERE, "{} is answered with headers of their schemas")
        .if_it(has_headers)
        .below("/responses"),
    rule("no-server-error", &[], EVERYWHERE, "{} does not fail at what a client sends"),
    rule("wants-credentials", &[], &[LIFE, ACCESS], "{} wants credentials").if_it(is_secured).below("/security"),
    rule("knows-credentials", &[Role::Retrieve], &[LIFE], "{} wants credentials that somebody was given")
        .if_it(is_secured)
        .level(should)
        .below("/security"),
    rule(
        "hides-from-others",
        &[Role::Retrieve, Role::List, Role::Update, Role::Replace, Role::Delete],
        &[LIFE],
        "{} shows and changes nothing of another workspace",
    )
    .if_it(is_secured)
    .level(should)
    .below("/security"),
    rule(
        "rejects-stale",
        &[Role::Update, Role::Replace, Role::Delete],
        &[LIFE],
        "{} does nothing to another version than the one that is named",
    )
    .if_it(|subject| wants_version(subject.declared) || names_version(subject))
    .level(by_version),
    rule(
        "changes-version",
        &[Role::Update, Role::Replace],
        &[LIFE],
        "{} gives what it changed another version",
    )
    .if_it(names_version)
    .level(should),
    rule(
        "changes-etag",
        &[Role::Update, Role::Replace],
        &[LIFE],
        "{} gives what it changed another `ETag`",
    ),
    rule("says-created", &[Role::Create, Role::Replace, Role::SetSingleton], &[LIFE], "{} says whether it created an object")
        .if_it(|subject| subject.declared.method == "PUT")
        .below("/responses"),
    rule("wants-no-credentials", &[], &[READS], "{} wants no credentials")
        .if_it(|subject| is_open(subject.api, subject.declared))
        .below("/security"),
    rule("creates", &[Role::Create], &[LIFE], "{} creates an object"),
    rule("location", &[Role::Create], &[LIFE], "{} says in `Location` where the object is").if_it(has_location),
    rule("finds-created", &[Role::Retrieve], &[LIFE], "{} finds what was created"),
    rule("same-id", &[Role::Retrieve], &[LIFE], "{} gives the object that was asked for"),
    rule(
        "keeps-what-was-sent",
        &[Role::Create, Role::Retrieve, Role::Update, Role::Replace, Role::GetSingleton, Role::SetSingleton],
        &[LIFE],
        "{} shows what was sent",
    ),
    rule("names-its-parents", &[Role::Create, Role::Retrieve], &[LIFE], "{} shows what the object stands below")
        .if_it(is_below),
    rule("lists-created", &[Role::List], &[LIFE], "{} lists what was created"),
    rule("same-as-retrieved", &[Role::List, Role::Update], &[LIFE], "{} shows objects as they are retrieved"),
    rule("same-as-retrieved", &[Role::Create], &[LIFE], "{} is answered with the object as it is retrieved")
        .level(should),
    rule("updates", &[Role::Update, Role::Replace], &[LIFE], "{} changes an object"),
    rule("replaces", &[Role::Replace], &[LIFE], "{} puts the whole in the place of what was there").level(should),
    rule("changes-nothing-else", &[Role::Update], &[LIFE], "{} leaves alone what it does not name").level(by_method),
    rule("changes-no-other-member", &[Role::Update], &[LIFE], "{} leaves alone what only a creation names").level(should),
    rule(
        "keeps-times",
        &[Role::Retrieve, Role::Update, Role::Replace],
        &[LIFE],
        "{} keeps the time of creation, and turns no time back",
    ),
    rule("moves-time", &[Role::Update, Role::Replace], &[LIFE], "{} moves the time of the last change"),
    rule(
        "only-that-one",
        &[Role::Update, Role::Replace, Role::Delete, Role::SetSingleton],
        &[LIFE],
        "{} leaves other objects alone",
    ),
    rule(
        "forgets-deleted",
        &[Role::List, Role::Retrieve, Role::Delete, Role::GetSingleton],
        &[LIFE],
        "{} does not know what was deleted",
    ),
    rule("own-parent", &[Role::List, Role::Retrieve], &[LIFE], "{} shows nothing of another parent")
        .if_it(has_parent)
        .level(by_role),
    rule("own-parent", WRITES, &[LIFE], "{} does nothing to what stands below another parent").if_it(has_parent),
    rule("gone-with-parent", &[Role::List, Role::Retrieve], &[LIFE], "{} finds nothing below what was deleted")
        .if_it(has_parent)
        .level(as_documented),
    rule(
        "keeps-read-only",
        &[Role::Create, Role::Update, Role::Replace],
        &[LIFE, REJECTS],
        "{} lets no client say what is read-only",
    )
    .if_it(has_read_only)
    .below("/requestBody"),
    rule(
        "keeps-identity",
        &[Role::Create, Role::Update, Role::Replace],
        &[LIFE, REJECTS],
        "{} lets no client say which object it is, and when it was made",
    )
    .level(should)
    .below("/requestBody"),
    rule("rejects-wrong-names", &[Role::Replace], &[REJECTS], "{} rejects names that its path excludes")
        .below("/parameters"),
    rule("wants-parameters", &[Role::Create], &[REJECTS], "{} rejects a request without a required parameter")
        .if_it(requires_parameters)
        .below("/parameters"),
    rule("rejection-does-nothing", WRITES, &[LIFE, REJECTS], "{} does nothing when it rejects"),
    rule("rejection-does-nothing", &[Role::Create], &[REJECTS], "{} creates nothing when it rejects"),
    rule("rejection-does-nothing", &[Role::SetSingleton], &[LIFE], "{} changes nothing when it rejects"),
    rule("rejects-wrong-bodies", &[Role::SetSingleton], &[LIFE], "{} rejects bodies that break a documented rule")
        .below("/requestBody"),
    rule(
        "rejects-doubtful-bodies",
        &[Role::SetSingleton],
        &[LIFE],
        "{} rejects what many servers read kindly: null for members that may be left out, texts without their format, numbers as texts",
    )
    .level(should)
    .below("/requestBody"),
    rule(
        "rejects-wrong-bodies",
        &[Role::Create, Role::Update, Role::Replace],
        &[REJECTS],
        "{} rejects bodies that break a documented rule",
    )
    .below("/requestBody"),
    rule(
        "rejects-doubtful-bodies",
        &[Role::Create, Role::Update, Role::Replace],
        &[REJECTS],
        "{} rejects what many servers read kindly: null for members that may be left out, texts without their format, numbers as texts",
    )
    .level(should)
    .below("/requestBody"),
    rule("rejects-malformed", &[Role::Create], &[REJECTS], "{} rejects what is not JSON")
        .if_it(takes_json)
        .below("/requestBody"),
    rule("rejects-media-types", &[Role::Create], &[REJECTS], "{} rejects bodies of other media types")
        .level(should)
        .below("/requestBody"),
    rule(
        "accepts-bounds",
        &[Role::Create, Role::Update, Role::Replace],
        &[REJECTS],
        "{} accepts what is just within its bounds",
    )
    .below("/requestBody"),
    rule("keeps-all-that-was-sent", &[Role::Create], &[LIFE], "{} keeps all that may be sent")
        .level(should)
        .below("/requestBody"),
    rule("keeps-bounds", &[Role::Create], &[REJECTS], "what {} accepted is kept").below("/requestBody"),
    rule("keeps-texts", &[Role::Create, Role::Update], &[REJECTS], "{} keeps a text as it is sent")
        .below("/requestBody"),
    rule(
        "keeps-texts-untidied",
        &[Role::Create, Role::Update],
        &[REJECTS],
        "{} tidies no text up: spaces at its ends, forms of Unicode",
    )
    .level(should)
    .below("/requestBody"),
    rule(
        "rejects-duplicates",
        &[Role::Create, Role::Update, Role::Replace],
        &[REJECTS],
        "{} rejects what another object has, where its description says so",
    )
    .if_it(has_conflict)
    .level(should)
    .below("/responses/409"),
    rule(
        "rejects-duplicates",
        &[Role::Create, Role::Update, Role::Replace],
        &[REJECTS],
        "{} rejects what another object has, where the description of a member says so",
    )
    .if_it(|subject| !has_conflict(subject) && !unique_members(subject.api, subject.declared).is_empty())
    .level(should)
    .below("/requestBody"),
    rule("rejects-dangling", &[Role::Create], &[REJECTS], "{} rejects names of other objects that nobody has")
        .level(should)
        .below("/requestBody"),
    rule("defaults", &[Role::Create], &[REJECTS], "{} gives documented defaults to what is left out")
        .below("/requestBody"),
    rule("each-object-once", &[Role::List], &[PAGES], "the pages of {} hold every object once")
        .level(as_pages)
        .below("/parameters"),
    rule("page-size", &[Role::List], &[PAGES], "a page of {} is never longer than was asked for")
        .if_it(has_limit)
        .level(as_pages)
        .below("/parameters"),
    rule("page-size-accepted", &[Role::List], &[PAGES], "{} accepts the sizes of pages that it documents")
        .if_it(has_limit)
        .level(as_pages)
        .below("/parameters"),
    rule("page-size-bound", &[Role::List], &[PAGES], "{} never gives more items than its documented bound")
        .if_it(has_bound)
        .below("/parameters"),
    rule("page-size-number", &[Role::List], &[PAGES], "{} rejects a page size that is no number")
        .if_it(has_limit)
        .level(should)
        .below("/parameters"),
    rule(
        "default-page-size",
        &[Role::List],
        &[PAGES],
        "a page of {} has its documented size when nothing is asked for",
    )
    .if_it(has_default_limit)
    .level(as_pages)
    .below("/parameters"),
    rule("end", &[Role::List], &[PAGES], "{} says that there is more only where there is")
        .if_it(is_paged)
        .level(as_pages)
        .below("/parameters"),
    rule("page-number", &[Role::List], &[PAGES], "pages of {} say which they are")
        .if_it(is_paged)
        .level(as_pages)
        .below("/parameters"),
    rule("page-count", &[Role::List], &[PAGES], "{} has as many pages as it says")
        .if_it(is_paged)
        .level(should)
        .below("/parameters"),
    rule("total", &[Role::List], &[PAGES], "{} has as many objects as it says")
        .if_it(is_paged)
        .level(as_pages)
        .below("/parameters"),
    rule("goes-back", &[Role::List], &[PAGES], "{} gives the page before an object in the order of the list")
        .if_it(goes_back)
        .below("/parameters"),
    rule("order", &[Role::List], &[PAGES], "{} comes in the order of creation that is documented")
        .if_it(has_order)
        .level(as_order),
    rule("default-order", &[Role::List], &[PAGES], "{} comes in its documented order when nothing is asked for")
        .if_it(sorts)
        .level(should)
        .below("/parameters"),
    rule("sorts", &[Role::List], &[PAGES], "{} comes in the order that is asked for").if_it(sorts).below("/parameters"),
    rule("sorts-as-described", &[Role::List], &[PAGES], "{} comes in the order that is asked for")
        .if_it(has_sort)
        .level(should)
        .below("/parameters"),
    rule("filters-ranges", &[Role::List], &[PAGES], "{} shows what lies within the bounds that are asked for")
        .if_it(has_filters)
        .level(should)
        .below("/parameters"),
    rule("filters-by-several", &[Role::List], &[PAGES], "{} shows what has any of several values")
        .if_it(has_filters)
        .level(should)
        .below("/parameters"),
    rule("filters", &[Role::List], &[PAGES], "{} shows what its filters ask for")
        .if_it(filters)
        .level(as_members)
        .below("/parameters"),
    rule(
        "unknown-id",
        &[
            Role::Retrieve,
            Role::Update,
            Role::Replace,
            Role::Delete,
            Role::Action,
            Role::List,
            Role::Create,
            Role::GetSingleton,
            Role::Custom,
        ],
        &[UNKNOWN],
        "{} rejects an id that nobody has",
    )
    .if_it(is_below)
    .level(as_documented),
    rule("rejects-parameters", &[], &[READS], "{} rejects parameters that break their schemas")
        .if_it(has_query)
        .level(should)
        .below("/parameters"),
];

/// What a run against a document would check, operation by operation.
#[must_use]
pub fn expected(api: &Api, allow_leftovers: bool) -> Vec<Expected> {
    let mut all = Vec::new();
    for (operation, declared) in api.operations.iter().zip(&api.document.operations) {
        let scenarios = scenarios(api, operation, declared, allow_leftovers);
        let subject = Subject { api, operation, declared, scenarios };
        for one in RULES.iter().filter_map(|rule| rule.about(&subject)) {
            // What creates by PUT is held to the rules of both: to each of them once.
            if !all.iter().rev().take(RULES.len()).any(|known: &Expected| known.id == one.id) {
                all.push(one);
            }
        }
    }
    all
}

impl Rule {
    fn about(&self, subject: &Subject<'_>) -> Option<Expected> {
        let role = subject.operation.role;
        let makes = role == Role::Replace && !has_role(subject.api, subject.operation, Role::Create);
        let is_meant =
            self.roles.is_empty() || self.roles.contains(&role) || (makes && self.roles.contains(&Role::Create));
        let tested_by: Vec<&'static str> =
            self.scenarios.iter().copied().filter(|one| subject.scenarios.contains(one)).collect();
        if !is_meant || tested_by.is_empty() || !(self.applies)(subject) {
            return None;
        }
        let declared = subject.declared;
        Some(Expected {
            id: format!("{}.{}", declared.id, self.name),
            level: (self.level)(subject),
            statement: self.statement.replace("{}", &format!("{} {}", declared.method, declared.path)),
            pointer: format!("{}{}", declared.pointer, self.below),
            tested_by,
        })
    }
}

/// The kinds of scenarios that call an operation.
fn scenarios(api: &Api, operation: &Operation, declared: &Declared, allow_leftovers: bool) -> Vec<&'static str> {
    let mut all = Vec::new();
    let works_on = |role: Role| has_role(api, operation, role);
    let is_read = declared.method == "GET";
    if operation.resource.is_some() {
        // Those below an object are read and called with its id.
        let lives = (works_on(Role::Create) || works_on(Role::Replace)) && (allow_leftovers || works_on(Role::Delete));
        if lives || is_below_one_that_lives(api, operation, allow_leftovers) {
            all.push(LIFE);
            all.extend(Some(REJECTS).filter(|_| matches!(operation.role, Role::Create | Role::Update | Role::Replace)));
            all.extend(Some(PAGES).filter(|_| operation.role == Role::List));
        }
        all.push(UNKNOWN);
    } else if declared.path.contains('{') {
        let is_called = matches!(operation.role, Role::Action | Role::SetSingleton);
        all.extend([LIFE, UNKNOWN].into_iter().filter(|_| is_read || is_called));
    }
    if is_read && !declared.path.contains(['{', '#']) {
        all.push(READS);
    }
    if is_read && is_named_secured(declared) {
        all.push(ACCESS);
    }
    all
}

/// Whether an operation's resource has one with a role.
fn has_role(api: &Api, operation: &Operation, role: Role) -> bool {
    operation.resource.is_some()
        && api.operations.iter().any(|one| one.resource == operation.resource && one.role == role)
}

fn is_below_one_that_lives(api: &Api, operation: &Operation, allow_leftovers: bool) -> bool {
    let parent = operation.resource.and_then(|at| api.resources[at].parent);
    let has = |role: Role| api.operations.iter().any(|one| one.resource == parent && one.role == role);
    parent.is_some() && (has(Role::Create) || has(Role::Replace)) && (allow_leftovers || has(Role::Delete))
}

/// Whether an operation says that nobody calls it without credentials.
pub(crate) fn is_named_secured(declared: &Declared) -> bool {
    !declared.security.is_empty() && !declared.security.iter().any(Vec::is_empty)
}

/// Whether an operation says that it wants no credentials, of a document that wants them everywhere else.
pub(crate) fn is_open(api: &Api, declared: &Declared) -> bool {
    let all = api.document.root.get("security").and_then(serde_json::Value::as_array);
    declared.security.is_empty()
        && all.is_some_and(|all| all.iter().any(|one| one.as_object().is_some_and(|one| !one.is_empty())))
}

fn is_secured(subject: &Subject<'_>) -> bool {
    let is_called = matches!(subject.operation.role, Role::Create | Role::Update | Role::Replace | Role::Delete);
    is_named_secured(subject.declared) && (is_called || subject.declared.method == "GET")
}

fn has_body(subject: &Subject<'_>) -> bool {
    let mut media = subject.declared.responses.iter().flat_map(|one| &one.media);
    media.any(|one| is_json(&one.media_type) && one.schema.is_some())
}

/// Whether a body may name the version of the object that it changes.
fn names_version(subject: &Subject<'_>) -> bool {
    version_in(subject).is_some()
}

/// Whether each body has to name a version; none where a body has no member for it.
fn version_in(subject: &Subject<'_>) -> Option<bool> {
    let media = subject.declared.body.iter().flat_map(|one| &one.media);
    let shape = media.into_iter().find_map(|one| one.schema.as_deref()).map(|at| subject.api.schemas.merged(at))?;
    let name = shape.properties.iter().map(|(name, _)| *name).find(|name| is_version(name))?;
    Some(shape.required.contains(&name))
}

/// That it is the version which conflicts is certain where a header field names it, or each body must.
fn by_version(subject: &Subject<'_>) -> Level {
    if wants_version(subject.declared) || version_in(subject) == Some(true) { Level::Must } else { Level::Should }
}

fn has_filters(subject: &Subject<'_>) -> bool {
    let mut query = subject.declared.parameters.iter().filter(|one| one.location == Location::Query);
    query.any(|one| !conformance_api::pages::Pages::is_name(&one.name))
}

fn has_sort(subject: &Subject<'_>) -> bool {
    let mut names = subject.declared.parameters.iter().map(|one| plain(&one.name));
    names.any(|name| SORTS.contains(&name.as_str()))
}

fn tells_status(subject: &Subject<'_>) -> bool {
    let errors = subject.declared.responses.iter().filter(|one| !one.status.starts_with('2'));
    let schemas = errors.flat_map(|one| &one.media).filter_map(|one| one.schema.as_deref());
    schemas.into_iter().any(|schema| crate::derived::status_member(subject.api, schema).is_some())
}

/// RFC 9457 says it of problems, and of no other errors.
fn by_problem(subject: &Subject<'_>) -> Level {
    let mut media = subject.declared.responses.iter().flat_map(|one| &one.media);
    let is_problem = media.any(|one| conformance_api::media::essence(&one.media_type) == "application/problem+json");
    if is_problem { Level::Must } else { Level::Should }
}

fn requires_headers(subject: &Subject<'_>) -> bool {
    subject.declared.responses.iter().any(|one| one.headers.iter().any(|field| field.required))
}

fn has_headers(subject: &Subject<'_>) -> bool {
    let mut fields = subject.declared.responses.iter().flat_map(|one| &one.headers);
    fields.any(|field| field.schema.is_some())
}

fn has_conflict(subject: &Subject<'_>) -> bool {
    subject.declared.responses.iter().any(|one| one.status == "409")
}

fn has_parent(subject: &Subject<'_>) -> bool {
    subject.operation.resource.is_some_and(|at| subject.api.resources[at].parent.is_some())
}

fn has_read_only(subject: &Subject<'_>) -> bool {
    let schemas = &subject.api.schemas;
    let media = subject.declared.body.iter().flat_map(|body| &body.media);
    let pointers = media.filter_map(|one| one.schema.as_deref()).map(|at| subject.api.content_of(at));
    let bodies = pointers.map(|at| schemas.merged(at));
    bodies.into_iter().any(|body| body.properties.iter().any(|(_, one)| schemas.merge_value(one).read_only))
}

fn requires_parameters(subject: &Subject<'_>) -> bool {
    let is_meant = |one: &&conformance_openapi::Parameter| matches!(one.location, Location::Header | Location::Query);
    subject.declared.parameters.iter().filter(is_meant).any(|one| one.required)
}

fn has_location(subject: &Subject<'_>) -> bool {
    let mut fields = subject.declared.responses.iter().flat_map(|one| &one.headers);
    fields.any(|field| field.name.eq_ignore_ascii_case("location"))
}

fn is_below(subject: &Subject<'_>) -> bool {
    subject.declared.path.contains('{')
}

fn takes_json(subject: &Subject<'_>) -> bool {
    subject.declared.body.as_ref().is_some_and(|body| body.media.iter().any(|one| is_json(&one.media_type)))
}

fn is_paged(subject: &Subject<'_>) -> bool {
    subject.operation.pages.is_some()
}

fn has_limit(subject: &Subject<'_>) -> bool {
    subject.operation.pages.as_ref().is_some_and(|pages| pages.limit.is_some())
}

fn has_default_limit(subject: &Subject<'_>) -> bool {
    let limit = subject.operation.pages.as_ref().and_then(|pages| pages.limit.as_ref());
    limit.is_some_and(|limit| limit.declared.is_some())
}

fn has_order(subject: &Subject<'_>) -> bool {
    subject.operation.pages.as_ref().is_some_and(|pages| pages.order.is_some())
}

fn as_order(subject: &Subject<'_>) -> Level {
    let order = subject.operation.pages.as_ref().and_then(|pages| pages.order.as_ref());
    if order.is_some_and(|order| order.certainty <= Certainty::Certain) { Level::Must } else { Level::Should }
}

fn has_bound(subject: &Subject<'_>) -> bool {
    let Some(limit) = subject.operation.pages.as_ref().and_then(|pages| pages.limit.as_ref()) else { return false };
    let parameter = subject.declared.parameters.iter().find(|one| one.name == limit.parameter);
    let schema = parameter.and_then(|one| one.schema.as_deref());
    schema.is_some_and(|at| subject.api.schemas.merged(at).bounds.maximum.is_some())
}

fn goes_back(subject: &Subject<'_>) -> bool {
    let styles = subject.operation.pages.iter().flat_map(|pages| &pages.styles);
    styles.into_iter().any(|style| matches!(style, Style::Before(_)))
}

fn query<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = &'s conformance_openapi::Parameter> {
    subject.declared.parameters.iter().filter(|one| one.location == Location::Query)
}

fn has_query(subject: &Subject<'_>) -> bool {
    query(subject).next().is_some()
}

/// The query parameters that are named like a member of the list's items, each with whether it certainly means that member.
fn members_asked_for(subject: &Subject<'_>) -> Vec<bool> {
    let schemas = &subject.api.schemas;
    let Some(shape) = &subject.operation.success.shape else { return Vec::new() };
    let item = schemas.merge(&conformance_api::envelope::members(schemas, shape));
    let asked = query(subject).filter(|one| !conformance_api::pages::Pages::is_name(&one.name)).filter_map(|one| {
        let name = asked_for(&one.name);
        let (member, of_member) = item.properties.iter().find(|(member, _)| same(member, name))?;
        let values = one.schema.as_deref().map(|at| schemas.merged(at)).unwrap_or_default().enumeration;
        Some(*member == name && schemas.merge(of_member).enumeration == values)
    });
    asked.collect()
}

fn sorts(subject: &Subject<'_>) -> bool {
    query(subject).any(|one| SORTS.contains(&plain(&one.name).as_str()))
}

fn filters(subject: &Subject<'_>) -> bool {
    !members_asked_for(subject).is_empty()
}

fn as_members(subject: &Subject<'_>) -> Level {
    if members_asked_for(subject).contains(&true) { Level::Must } else { Level::Should }
}

fn by_method(subject: &Subject<'_>) -> Level {
    if subject.declared.method == "PATCH" { Level::Must } else { Level::Should }
}

fn by_role(subject: &Subject<'_>) -> Level {
    if subject.operation.role == Role::List { Level::Must } else { Level::Should }
}

fn as_pages(subject: &Subject<'_>) -> Level {
    let pages = subject.operation.pages.as_ref();
    let is_certain = pages.is_some_and(|one| one.facts.iter().all(|fact| fact.certainty <= Certainty::Certain));
    if is_certain { Level::Must } else { Level::Should }
}

fn as_documented(subject: &Subject<'_>) -> Level {
    let documented = subject.declared.responses.iter().any(|one| matches!(one.status.as_str(), "404" | "410" | "4XX"));
    if documented { Level::Must } else { Level::Should }
}
