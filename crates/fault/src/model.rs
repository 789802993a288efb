//! A fault, as it is applied.

use std::time::Duration;

use conformance_source::{SourceFile, Span};
use serde_json::Value;

/// Something that goes wrong.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Its name.
    pub name: String,
    /// What is wrong, in one line.
    pub summary: String,
    /// The requirement that it breaks, and its place; none for mere weather.
    pub breaks: Option<(String, Span)>,
    /// The file it stands in.
    pub file: SourceFile,
    /// When it happens.
    pub on: On,
    /// What happens to the request on its way.
    pub request: RequestChange,
    /// What is answered without asking the server.
    pub answer: Option<Made>,
    /// What happens to the answer on its way.
    pub response: ResponseChange,
    /// By which other rule a list is answered.
    pub list: Option<Relist>,
    /// What is done besides.
    pub also: Option<Also>,
    /// The answer before this one is given again.
    pub stale: bool,
    /// How long the answer is kept back, from and to.
    pub delay: Option<(Duration, Duration)>,
    /// The connection is cut instead of an answer.
    pub cut: bool,
    /// The server acts, and the connection is cut instead of its response.
    pub lose_response: bool,
    /// How long an SDK is given for a call to which this happens.
    pub deadline: Option<Duration>,
}

impl Fault {
    /// Whether something happens before there is an answer.
    #[must_use]
    pub fn is_about_requests(&self) -> bool {
        self.cut
            || self.delay.is_some()
            || self.answer.is_some()
            || self.list.is_some()
            || self.also.is_some()
            || self.request != RequestChange::default()
    }

    /// Every answer is kept back for a time between these two.
    #[must_use]
    pub fn latency(from: Duration, to: Duration) -> Self {
        Self {
            name: "latency".to_owned(),
            summary: "Answers take their time".to_owned(),
            breaks: None,
            file: SourceFile::new("--latency", ""),
            on: On { every: 1, ..On::default() },
            request: RequestChange::default(),
            answer: None,
            response: ResponseChange::default(),
            list: None,
            also: None,
            stale: false,
            delay: Some((from, to)),
            cut: false,
            lose_response: false,
            deadline: None,
        }
    }
}

/// When a fault happens.
#[derive(Clone, Debug, Default)]
pub struct On {
    /// These operations; all, when none is named.
    pub operations: Vec<String>,
    /// Query parameters that must be there.
    pub with: Vec<String>,
    /// Query parameters that must not be there.
    pub without: Vec<String>,
    /// Answers with one of these statuses or classes; all, when none is named.
    pub status: Vec<String>,
    /// Every so many requests.
    pub every: u64,
    /// No more than so many of those requests.
    pub first: Option<u64>,
    /// Whether a request has a token.
    pub token: Option<bool>,
    /// Text in the request's body.
    pub body: Option<String>,
    /// Query parameters with these values.
    pub query: Vec<(String, String)>,
    /// Text in header fields of the request, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Text in the request's path.
    pub path: Option<String>,
    /// Text in the answer's body.
    pub shows: Option<String>,
}

/// What happens to a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestChange {
    /// Query parameters that are left out.
    pub drop: Vec<String>,
    /// Query parameters that are set.
    pub query: Vec<(String, String)>,
    /// Query parameters that get another name.
    pub rename: Vec<(String, String)>,
    /// Members of the body that are set, by pointer.
    pub set: Vec<(String, Value)>,
    /// Members of the body that are left out, by pointer.
    pub remove: Vec<String>,
    /// Text of the body that is made over, by pointer.
    pub text: Vec<(String, TextChange)>,
    /// The whole body.
    pub body: Option<Value>,
    /// Header fields that are set, or left out.
    pub headers: Vec<(String, Option<String>)>,
    /// It is sent with the credentials of whoever created something last.
    pub borrowed: bool,
}

/// An answer that is made up.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its status.
    pub status: u16,
    /// Its body, when it has one.
    pub body: Option<Value>,
    /// Its header fields.
    pub headers: Vec<(String, String)>,
}

/// What happens to an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseChange {
    /// Another status.
    pub status: Option<u16>,
    /// Members of the body that are set, by pointer.
    pub set: Vec<(String, Value)>,
    /// Members that are left out, by pointer.
    pub remove: Vec<String>,
    /// Members that get another name: pointer, and the new name.
    pub rename: Vec<(String, String)>,
    /// Members that get the value of another one, by pointer.
    pub copy: Vec<(String, String)>,
    /// Text that is made over, by pointer.
    pub text: Vec<(String, TextChange)>,
    /// Numbers that are moved, by pointer: factor and summand.
    pub numbers: Vec<(String, f64, f64)>,
    /// The whole body, as text.
    pub raw: Option<String>,
    /// Header fields that are set, or left out.
    pub headers: Vec<(String, Option<String>)>,
    /// Members that get the value that the request's body has, by pointer.
    pub echo: Vec<String>,
    /// Members that stand in their object twice, by pointer.
    pub duplicate: Vec<String>,
    /// The same for every object of a list.
    pub items: bool,
}

/// How text is made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextChange {
    /// Without spaces at the ends.
    Trim,
    /// In small letters.
    Lower,
    /// In capitals.
    Upper,
    /// As mark-up: `&` becomes `&amp;`.
    Escape,
    /// Without what is beyond this many characters.
    Cut(usize),
    /// Without characters beyond the Basic Multilingual Plane.
    Plane,
    /// Runs of spaces become one.
    Squeeze,
    /// The last character is missing.
    Shorten,
    /// Decomposed letters become composed, as far as Latin accents go.
    Compose,
    /// As it is in HTML that was escaped twice, or sent without its encoding: every letter beyond ASCII is a `?`.
    Ascii,
}

/// Another rule for a list.
#[derive(Clone, Debug, Default)]
pub struct Relist {
    /// By what it is sorted.
    pub order: Option<Sort>,
    /// How cursors are read.
    pub cursor: Cursor,
    /// How many more (or fewer) than asked for are on a page.
    pub limit: i64,
    /// The limit when none is asked for.
    pub default: Option<usize>,
    /// No page is larger than this.
    pub most: Option<usize>,
    /// The item at this place of the whole list is on no page.
    pub lost: Option<usize>,
    /// What is missing from the list: the item at this place, from the end when negative.
    pub missing: Option<i64>,
    /// The item at this place is there twice.
    pub twice: Option<i64>,
    /// What is said of more.
    pub more: More,
    /// Every page is turned round.
    pub reversed: bool,
}

/// By what a list is sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sort {
    /// The other way round.
    Reversed,
    /// By a member, the largest first.
    By(String),
}

/// How a cursor is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cursor {
    /// As it should be.
    #[default]
    Exclusive,
    /// The object itself is on the page.
    Inclusive,
    /// Not at all.
    Ignored,
    /// One object is left out.
    Skipping,
    /// As the other cursor.
    Swapped,
    /// The page before is the one at the list's beginning.
    FromTheBeginning,
}

/// What a page says of more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum More {
    /// The truth.
    #[default]
    True,
    /// Yes when the page is full.
    WhenFull,
    /// Whether there is anything in the other direction.
    OtherWay,
    /// Whether the whole list is larger than a page.
    OfAll,
    /// The opposite of the truth.
    Opposite,
}

/// Something else that is done.
#[derive(Clone, Debug)]
pub struct Also {
    /// The operation.
    pub operation: String,
    /// To which object.
    pub whom: Whom,
    /// With which body; that of the request, when none is given.
    pub body: Option<Value>,
    /// The member of the body, by pointer, that gets the text of the request's body.
    pub keep: Option<String>,
    /// Whether it is done even though the request is refused.
    pub when_refused: bool,
    /// It is done with the credentials of whoever created something last.
    pub borrowed: bool,
}

/// The object to which something else is done. Others than the request's own must have been created at this boundary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The newest other one, the second newest, and so on.
    Other(usize),
    /// The one that the request is about.
    Itself,
    /// The one whose id stands in the request's body, at this pointer.
    Named(String),
}
