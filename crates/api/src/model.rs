//! What a document means, as types: resources, the role of each operation, ids, pages. Who made which of it, and from
//! what, stands beside it as a [`Fact`].

use std::collections::BTreeMap;

use conformance_openapi::Document;

use crate::envelope::Envelope;
use crate::pages::Pages;
use crate::schema::Schemas;
use crate::stated::Problem;

/// An API, as its document describes it.
#[derive(Debug)]
pub struct Api {
    /// The document.
    pub document: Document,
    /// Its schemas.
    pub schemas: Schemas,
    /// What it keeps, parents before children.
    pub resources: Vec<Resource>,
    /// What each operation of the document does, in the document's order.
    pub operations: Vec<Operation>,
    /// Bodies of requests that hold an object's members further in, by the pointers of their schemas.
    pub envelopes: BTreeMap<String, Envelope>,
    /// What the document says of its own meaning and cannot be obeyed.
    pub problems: Vec<Problem>,
}

impl Api {
    /// Where the schema of an object's members stands, of a body with the schema at a pointer.
    #[must_use]
    pub fn content_of<'p>(&'p self, pointer: &'p str) -> &'p str {
        self.envelopes.get(pointer).map_or(pointer, |envelope| &envelope.content)
    }
}

/// A kind of object, below a path of its own.
#[derive(Clone, Debug)]
pub struct Resource {
    /// As its path calls it: `pets`.
    pub name: String,
    /// The path of all of them, parameters as `{}`: `/owners/{}/pets`.
    pub collection: String,
    /// The path of one.
    pub item: String,
    /// The name of the last parameter of that path.
    pub parameter: String,
    /// The resource whose item path stands before this one's path.
    pub parent: Option<usize>,
    /// Where the schema of one object stands in the document, if anything says so.
    pub shape: Option<Shape>,
    /// The members by which one is found; the first is the one that is made.
    pub identity: Vec<IdMember>,
    /// The resource at whose path objects that are made here are read and deleted, where this one has no such path.
    pub kept_in: Option<usize>,
    /// From what this was inferred.
    pub facts: Vec<Fact>,
}

/// A schema somewhere in the body of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The pointer of the body's schema.
    pub body: String,
    /// The members that lead to it; empty for the body itself.
    pub at: Vec<String>,
    /// Whether it is the items of the array that stands there.
    pub is_item: bool,
    /// The reference that describes the object, where there is one: two shapes with the same are the same kind of object.
    pub reference: Option<String>,
}

/// A member that identifies an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdMember {
    /// Its name.
    pub name: String,
    /// What its values look like.
    pub form: IdForm,
    /// Whether the client names the object.
    pub is_given: bool,
    /// Whether the path's parameter means it: the others are found, too, and are not remembered.
    pub is_in_path: bool,
    /// How many of the last segments of the object's path its values show: one where they are an id alone, two where they are a
    /// resource name as `publishers/123`.
    pub segments: usize,
}

/// What ids look like, and so which ids a mock can have made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdForm {
    /// Whole numbers, in a row.
    Integer,
    /// Whole numbers, as text.
    Digits,
    /// UUIDs; made in version 7, which sorts by time.
    Uuid,
    /// A prefix and so many characters.
    Text {
        /// What each begins with: `cus_`.
        prefix: String,
        /// How many characters follow.
        length: usize,
        /// The characters that follow are among these.
        alphabet: &'static str,
    },
    /// Like this one, within a pattern.
    Pattern {
        /// The regular expression.
        pattern: String,
        /// A text that matches it.
        base: String,
    },
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Lists objects.
    List,
    /// Makes an object.
    Create,
    /// Gives one object.
    Retrieve,
    /// Changes what is named.
    Update,
    /// Puts one object in another's place, or makes it under a name of the client.
    Replace,
    /// Removes one object.
    Delete,
    /// Does something with one object.
    Action,
    /// Gives something of which there is one.
    GetSingleton,
    /// Changes something of which there is one.
    SetSingleton,
    /// Empties something of which there is one.
    ClearSingleton,
    /// Something else, answered by its schema.
    Custom,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 11] = [
        Self::List,
        Self::Create,
        Self::Retrieve,
        Self::Update,
        Self::Replace,
        Self::Delete,
        Self::Action,
        Self::GetSingleton,
        Self::SetSingleton,
        Self::ClearSingleton,
        Self::Custom,
    ];

    /// As files write it: `get-singleton`.
    #[must_use]
    pub fn key(self) -> String {
        self.name().replace(' ', "-")
    }

    /// As tables show it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Create => "create",
            Self::Retrieve => "retrieve",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Action => "action",
            Self::GetSingleton => "get singleton",
            Self::SetSingleton => "set singleton",
            Self::ClearSingleton => "clear singleton",
            Self::Custom => "custom",
        }
    }
}

/// What an operation does, to what, and how it is answered.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its role.
    pub role: Role,
    /// The resource that it works on.
    pub resource: Option<usize>,
    /// Whether the object's id is the path's last parameter.
    pub is_item: bool,
    /// How success is answered.
    pub success: Success,
    /// How lists are divided.
    pub pages: Option<Pages>,
    /// From what the role was inferred.
    pub facts: Vec<Fact>,
}

/// The documented response of an operation that went well.
#[derive(Clone, Debug, Default)]
pub struct Success {
    /// The status.
    pub status: u16,
    /// Which of the operation's documented responses it is.
    pub response: Option<usize>,
    /// Which of its media types is sent.
    pub media: Option<usize>,
    /// Where the object, or the list of objects, stands in the body.
    pub shape: Option<Shape>,
}

/// How sure an inferred fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// The document says it.
    Declared,
    /// Nothing else can be meant.
    Certain,
    /// What is usual.
    Likely,
    /// One of several possibilities.
    Guess,
}

impl Certainty {
    /// As tables show it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Guess => "guess",
        }
    }
}

/// Something that was inferred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What: `id: member id, uuid`.
    pub what: String,
    /// By which rule.
    pub rule: &'static str,
    /// Where in the document it is seen.
    pub pointer: String,
    /// How sure it is.
    pub certainty: Certainty,
}

impl Api {
    /// The name of an operation's resource.
    #[must_use]
    pub fn resource_of(&self, operation: &Operation) -> Option<&Resource> {
        self.resources.get(operation.resource?)
    }
}
