//! The contract as the rest of the program sees it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use conformance_source::{SourceFile, Span};
use serde_json::Value;

use crate::schemas::{Compiled, Location, Schemas};

/// What an API promises.
#[derive(Debug)]
pub struct Contract {
    /// The API's name.
    pub title: String,
    /// Its revision.
    pub version: String,
    /// The URL of the real thing, for banners and scripts.
    pub server: Option<String>,
    /// The operations, in the order of the file.
    pub operations: Vec<Operation>,
    /// The kinds of object that the API keeps.
    pub resources: Vec<Resource>,
    /// How the mock words a refusal.
    pub errors: Errors,
    /// All schemas.
    pub schemas: Schemas,
    /// The contract file, for diagnostics that come later.
    pub file: SourceFile,
}

impl Contract {
    /// The operation with this id.
    #[must_use]
    pub fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id == id)
    }

    /// The first operation that does this to a resource.
    #[must_use]
    pub fn action(&self, resource: usize, action: Action) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.resource == resource && operation.action == action)
    }

    /// The members that the answer to a create is documented to have: what is known of an object from its first moment.
    #[must_use]
    pub fn documented(&self, resource: usize) -> Vec<String> {
        let create = self.action(resource, Action::Create).and_then(Operation::success);
        let schema = create.and_then(|rule| rule.schema.as_ref());
        let properties = schema.map_or_else(Vec::new, |schema| self.schemas.properties(&schema.location));
        properties.into_iter().map(|(name, _)| name).collect()
    }

    /// The most objects that a page of this list may be asked for, when the schema bounds it.
    #[must_use]
    pub fn largest_page(&self, list: &Operation) -> Option<i64> {
        let limit = list.parameter(&list.page.as_ref()?.limit)?;
        self.schemas.bound(&limit.schema.location, "maximum")
    }
}

/// What an operation does to the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Answers a page of objects.
    List,
    /// Makes an object.
    Create,
    /// Answers one object.
    Retrieve,
    /// Changes one object: `PATCH` what is given, `PUT` the whole.
    Update,
    /// Removes one object.
    Delete,
}

/// One method on one path.
#[derive(Debug)]
pub struct Operation {
    /// Its place in [`Contract::operations`].
    pub index: usize,
    /// `operationId`
    pub id: String,
    /// What it does, in one line.
    pub summary: String,
    /// The method, upper case.
    pub method: String,
    /// The path.
    pub path: PathTemplate,
    /// What it does to the state.
    pub action: Action,
    /// The resource it works on: an index into [`Contract::resources`].
    pub resource: usize,
    /// Path and query parameters.
    pub parameters: Vec<Parameter>,
    /// The body it takes.
    pub body: Option<RequestBody>,
    /// The answers it may give, the exact ones first.
    pub responses: Vec<ResponseRule>,
    /// Whether it wants a bearer token.
    pub secured: bool,
    /// How it pages, when it lists.
    pub page: Option<Page>,
    /// Where it stands in the contract file.
    pub span: Span,
}

impl Operation {
    /// The response rule for a status: the exact one, else the class, else `default`.
    #[must_use]
    pub fn response(&self, status: u16) -> Option<&ResponseRule> {
        let mut matching: Vec<_> = self.responses.iter().filter(|rule| rule.status.covers(status)).collect();
        matching.sort_by_key(|rule| rule.status);
        matching.first().copied()
    }

    /// Every status that is documented by its number.
    #[must_use]
    pub fn documented_statuses(&self) -> Vec<u16> {
        let exact = |rule: &ResponseRule| match rule.status {
            StatusRule::Exactly(status) => Some(status),
            StatusRule::Class(_) | StatusRule::Default => None,
        };
        self.responses.iter().filter_map(exact).collect()
    }

    /// The documented answer when all goes well.
    #[must_use]
    pub fn success(&self) -> Option<&ResponseRule> {
        self.responses.iter().find(|rule| matches!(rule.status, StatusRule::Exactly(200..=299)))
    }

    /// The parameter called `name`.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// The path parameter that names the object, on operations that work on one.
    #[must_use]
    pub fn id_parameter(&self) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.place == Place::Path)
    }
}

/// A path with parameters in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTemplate {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Parameter(String),
}

impl PathTemplate {
    /// Parses `/v2/things/{thing_id}`. A segment is a literal or a parameter, never a mix of both.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let segments = text.strip_prefix('/')?.split('/').map(|segment| {
            if let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                return (!name.is_empty() && !name.contains(['{', '}'])).then(|| Segment::Parameter(name.to_owned()));
            }
            (!segment.is_empty() && !segment.contains(['{', '}'])).then(|| Segment::Literal(segment.to_owned()))
        });
        Some(Self { text: text.to_owned(), segments: segments.collect::<Option<_>>()? })
    }

    /// The names of the parameters, in order.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Parameter(name) => Some(name.as_str()),
            Segment::Literal(_) => None,
        })
    }

    /// The raw (still percent-encoded) values of the parameters, when `path` fits. An empty segment fits nothing.
    #[must_use]
    pub fn fit<'p>(&self, path: &'p str) -> Option<Vec<(&str, &'p str)>> {
        let mut values = Vec::new();
        let mut given = path.strip_prefix('/')?.split('/');
        for segment in &self.segments {
            let part = given.next().filter(|part| !part.is_empty())?;
            match segment {
                Segment::Literal(literal) if literal == part => {}
                Segment::Literal(_) => return None,
                Segment::Parameter(name) => values.push((name.as_str(), part)),
            }
        }
        given.next().is_none().then_some(values)
    }

    /// The path with its parameters filled in; `value` answers already encoded text.
    pub fn fill(&self, mut value: impl FnMut(&str) -> Option<String>) -> Option<String> {
        let mut path = String::new();
        for segment in &self.segments {
            path.push('/');
            match segment {
                Segment::Literal(literal) => path.push_str(literal),
                Segment::Parameter(name) => path.push_str(&value(name)?),
            }
        }
        Some(path)
    }
}

impl fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Where a parameter travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the path.
    Path,
    /// In the query.
    Query,
}

/// A parameter of an operation.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it travels.
    pub place: Place,
    /// Whether it must be given.
    pub required: bool,
    /// Its schema.
    pub schema: Arc<Compiled>,
    /// How the items of a list travel; none for a single value.
    pub list: Option<ListStyle>,
    /// What its text stands for; of a list, the text of each item.
    pub scalar: Scalar,
    /// What its schema says that it is when it is not given.
    pub default: Option<Value>,
}

/// What the text of a parameter stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Itself.
    Text,
}

impl Scalar {
    pub(crate) fn of(schemas: &Schemas, at: &Location) -> Self {
        match schemas.keyword(at, "type").and_then(|(_, node)| node.as_str()) {
            Some("integer") => Self::Integer,
            Some("number") => Self::Number,
            Some("boolean") => Self::Boolean,
            _ => Self::Text,
        }
    }

    /// The value that a text stands for; none when it is not of this type.
    #[must_use]
    pub fn read(self, text: &str) -> Option<Value> {
        match self {
            Self::Integer => text.parse::<i64>().ok().filter(|_| !text.starts_with('+')).map(Value::from),
            Self::Number => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
            Self::Boolean => text.parse::<bool>().ok().map(Value::from),
            Self::Text => Some(Value::from(text)),
        }
    }
}

/// How the items of a list travel in a query (`style: form`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListStyle {
    /// Each under the name again: `ids=1&ids=2`.
    Exploded,
    /// All in one value: `ids=1,2`.
    Commas,
}

/// A body that an operation takes, as `application/json`.
#[derive(Debug)]
pub struct RequestBody {
    /// Whether it must be given.
    pub required: bool,
    /// Its schema.
    pub schema: Arc<Compiled>,
    /// The properties that its schema names.
    pub properties: Vec<BodyProperty>,
}

/// A property of a body that an operation takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyProperty {
    /// Its name.
    pub name: String,
    /// Whether the server sets it, and ignores what is sent.
    pub read_only: bool,
}

/// An answer that an operation may give.
#[derive(Debug)]
pub struct ResponseRule {
    /// For which statuses.
    pub status: StatusRule,
    /// The schema of its JSON body; none when it has no body.
    pub schema: Option<Arc<Compiled>>,
    /// Its documented header fields.
    pub headers: Vec<HeaderRule>,
}

/// A header field that a response has.
#[derive(Debug)]
pub struct HeaderRule {
    /// Its name in lower case.
    pub name: String,
    /// Whether it is always there.
    pub required: bool,
    /// The schema of its value.
    pub schema: Arc<Compiled>,
}

/// The statuses that a response rule covers, the narrowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatusRule {
    /// One status.
    Exactly(u16),
    /// A hundred of them: `4XX`.
    Class(u16),
    /// Everything that no other rule covers.
    Default,
}

impl StatusRule {
    /// Whether `status` is covered.
    #[must_use]
    pub const fn covers(self, status: u16) -> bool {
        match self {
            Self::Exactly(one) => one == status,
            Self::Class(hundred) => status / 100 == hundred,
            Self::Default => true,
        }
    }

    /// Reads `200`, `4XX` or `default`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "default" {
            return Some(Self::Default);
        }
        match text.as_bytes() {
            [b'1'..=b'5', b'X', b'X'] => text[..1].parse().ok().map(Self::Class),
            [b'1'..=b'5', _, _] => text.parse().ok().map(Self::Exactly),
            _ => None,
        }
    }
}

/// How a list operation pages.
#[derive(Clone, Debug)]
pub struct Page {
    /// The query parameter that bounds the page.
    pub limit: String,
    /// The cursor parameter that asks for what comes after an object in the list.
    pub after: Option<String>,
    /// The cursor parameter that asks for what comes before an object in the list.
    pub before: Option<String>,
    /// Where the objects stand in the answer (JSON Pointer).
    pub items: String,
    /// The schema of each of them.
    pub item: Arc<Compiled>,
    /// Where the answer says whether there is more (JSON Pointer).
    pub more: Option<String>,
    /// What the mock does with a cursor that it never handed out.
    pub unknown_cursor: UnknownCursor,
    /// What the mock does with both cursors at once.
    pub both_cursors: BothCursors,
}

/// A policy for cursors that name nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownCursor {
    /// Answer an empty page: nothing lies after nothing.
    EmptyPage,
    /// Refuse the request.
    Refuse,
}

/// A policy for both cursors at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BothCursors {
    /// The objects that lie between the two.
    Between,
    /// Refuse the request.
    Refuse,
}

/// A kind of object that the API keeps.
#[derive(Debug)]
pub struct Resource {
    /// Its name in the contract file.
    pub name: String,
    /// The property that holds the id.
    pub id_property: String,
    /// How ids are made.
    pub id_maker: IdMaker,
    /// What stands before the made part.
    pub id_prefix: String,
    /// What is set when an object is created.
    pub on_create: BTreeMap<String, Generated>,
    /// What is set when an object is updated.
    pub on_update: BTreeMap<String, Generated>,
    /// Whether lists begin with the newest object.
    pub newest_first: bool,
    /// Whether ids are whole numbers in bodies; in paths and cursors they are their text.
    pub integer_ids: bool,
}

impl Resource {
    /// An id as bodies show it.
    #[must_use]
    pub fn id_value(&self, id: &str) -> Value {
        match id.parse::<u64>() {
            Ok(number) if self.integer_ids => Value::from(number),
            _ => Value::from(id),
        }
    }
}

/// How the part of an id after its prefix is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdMaker {
    /// A ULID in lower case; ids sort in the order of creation.
    Ulid,
    /// A random UUID.
    Uuid,
    /// A running number of six digits or more.
    Sequence,
}

/// A value that the mock makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generated {
    /// Milliseconds since 1970, a number.
    UnixMs,
    /// Seconds since 1970, a number.
    UnixSeconds,
    /// `2025-01-01T00:00:00.000Z`, text.
    Rfc3339,
}

/// How the mock words a refusal.
#[derive(Debug)]
pub struct Errors {
    /// The schema of the body, for answers that no operation documents.
    pub body: Arc<Compiled>,
    /// Where the message stands (JSON Pointer).
    pub message: String,
    /// Where a machine-readable code stands, if anywhere (JSON Pointer).
    pub code: Option<String>,
    /// The status by problem, where it differs from the usual one.
    pub statuses: BTreeMap<String, u16>,
}
