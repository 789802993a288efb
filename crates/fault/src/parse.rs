//! Reads a file of faults; all its mistakes at once.

use std::time::Duration;

use conformance_source::{Diagnostics, Node, Object, Reader, SourceFile, Tree, parse as parse_tree, pointer};

use crate::model::{
    Also, Cursor, Fault, Made, More, On, Relist, RequestChange, ResponseChange, Sort, TextChange, Whom,
};

/// What a fault may do.
const DOES: &[&str] = &["request", "answer", "response", "list", "also", "stale", "delayMs", "cut", "loseResponse"];
const FAULT: &[&str] = &[
    "name",
    "summary",
    "breaks",
    "on",
    "request",
    "answer",
    "response",
    "list",
    "also",
    "stale",
    "delayMs",
    "cut",
    "loseResponse",
    "deadlineMs",
];
const TEXT: &[(&str, TextChange)] = &[
    ("trim", TextChange::Trim),
    ("lower", TextChange::Lower),
    ("upper", TextChange::Upper),
    ("escape", TextChange::Escape),
    ("plane", TextChange::Plane),
    ("squeeze", TextChange::Squeeze),
    ("shorten", TextChange::Shorten),
    ("compose", TextChange::Compose),
    ("ascii", TextChange::Ascii),
];
const CURSORS: &[(&str, Cursor)] = &[
    ("exclusive", Cursor::Exclusive),
    ("inclusive", Cursor::Inclusive),
    ("ignored", Cursor::Ignored),
    ("skipping", Cursor::Skipping),
    ("swapped", Cursor::Swapped),
    ("from-the-beginning", Cursor::FromTheBeginning),
];
const MORE: &[(&str, More)] = &[
    ("true", More::True),
    ("when-full", More::WhenFull),
    ("other-way", More::OtherWay),
    ("of-all", More::OfAll),
    ("opposite", More::Opposite),
];

/// Reads the faults of a file.
///
/// # Errors
/// Every mistake in it.
pub fn parse(file: &SourceFile) -> Result<Vec<Fault>, Diagnostics> {
    let root = parse_tree(file)?;
    let reader = Reader::new(file);
    let faults = reader
        .object(&root, "a file of faults", &["faults"])
        .and_then(|object| reader.list(object.required("faults")?, |node| fault(&reader, node)));
    reader.finish(faults)
}

fn fault(reader: &Reader, node: &Node) -> Option<Fault> {
    let object = reader.object(node, "a fault", FAULT)?;
    let name = object.text("name");
    let summary = object.text("summary");
    let breaks = match object.optional("breaks") {
        Some(node) => Some((reader.text(node)?, node.span.clone())),
        None => None,
    };
    let delay = match object.optional("delayMs") {
        Some(node) => Some(delay(reader, node)?),
        None => None,
    };
    let flag = |key: &str| object.optional(key).map_or(Some(false), |node| reader.boolean(node));
    let fault = Fault {
        name: name?,
        summary: summary?,
        breaks,
        file: reader.file().clone(),
        on: on(reader, object.optional("on"))?,
        request: part(object, "request", |node| request(reader, node))?.unwrap_or_default(),
        answer: part(object, "answer", |node| answer(reader, node))?,
        response: part(object, "response", |node| response(reader, node))?.unwrap_or_default(),
        list: part(object, "list", |node| relist(reader, node))?,
        also: part(object, "also", |node| also(reader, node))?,
        stale: flag("stale")?,
        delay,
        cut: flag("cut")?,
        lose_response: flag("loseResponse")?,
        deadline: part(object, "deadlineMs", |node| from_one(reader, node))?.map(Duration::from_millis),
    };
    let before = fault.answer.is_some() || fault.cut || fault.delay.is_some();
    let looks = fault.lose_response || fault.response != ResponseChange::default();
    if let Some(on) = object.optional("on").filter(|_| before && !looks)
        && let Some(key) = ["status", "shows"].into_iter().find(|key| on.get(key).is_some())
    {
        let wrong = format!("`{key}` looks at an answer, and this happens before there is one");
        reader.wrong(&on.span, wrong, "the fault could not tell");
    }
    let idle = |key: &str| object.optional(key).is_none_or(|node| node.tree == Tree::Bool(false));
    if DOES.iter().all(|key| idle(key)) {
        return reader.expected(node, &format!("something that happens: one of {}", DOES.join(", ")));
    }
    Some(fault)
}

/// `Some(None)` when the key is absent, `None` when reading it went wrong.
fn part<T>(object: Object<'_>, key: &str, read: impl FnOnce(&Node) -> Option<T>) -> Option<Option<T>> {
    object.optional(key).map_or(Some(None), |node| read(node).map(Some))
}

/// One text, or a list of them.
fn texts(reader: &Reader, node: Option<&Node>) -> Option<Vec<String>> {
    match node {
        None => Some(Vec::new()),
        Some(node) => match &node.tree {
            Tree::Array(_) => reader.list(node, |one| plain(reader, one)),
            _ => Some(vec![plain(reader, node)?]),
        },
    }
}

fn plain(reader: &Reader, node: &Node) -> Option<String> {
    match &node.tree {
        Tree::Number(number) => Some(number.to_string()),
        _ => reader.text(node),
    }
}

/// The members of an object, each read.
fn pairs<T>(node: Option<&Node>, read: impl Fn(&Node) -> Option<T>) -> Option<Vec<(String, T)>> {
    let entries = node.map_or(&[][..], Node::entries).iter();
    let all = entries.map(|entry| Some((entry.key.clone(), read(&entry.node)?)));
    all.collect::<Vec<_>>().into_iter().collect()
}

fn header(reader: &Reader, node: &Node) -> Option<Option<String>> {
    if node.tree == Tree::Null { Some(None) } else { plain(reader, node).map(Some) }
}

fn on(reader: &Reader, node: Option<&Node>) -> Option<On> {
    let Some(node) = node else { return Some(On { every: 1, ..On::default() }) };
    if !matches!(node.tree, Tree::Object(_)) {
        return Some(On { operations: texts(reader, Some(node))?, every: 1, ..On::default() });
    }
    let keys = &[
        "operation",
        "with",
        "without",
        "status",
        "every",
        "first",
        "token",
        "body",
        "query",
        "headers",
        "path",
        "shows",
    ];
    let object = reader.object(node, "`on`", keys)?;
    Some(On {
        operations: texts(reader, object.optional("operation"))?,
        with: texts(reader, object.optional("with"))?,
        without: texts(reader, object.optional("without"))?,
        status: statuses(reader, object.optional("status"))?,
        every: part(object, "every", |node| from_one(reader, node))?.unwrap_or(1),
        first: part(object, "first", |node| from_one(reader, node))?,
        token: part(object, "token", |node| reader.boolean(node))?,
        body: part(object, "body", |node| reader.text(node))?,
        query: pairs(object.optional("query"), |node| plain(reader, node))?,
        headers: fields(reader, object.optional("headers"), |node| plain(reader, node))?,
        path: part(object, "path", |node| reader.text(node))?,
        shows: part(object, "shows", |node| reader.text(node))?,
    })
}

fn request(reader: &Reader, node: &Node) -> Option<RequestChange> {
    let keys = &["drop", "query", "rename", "set", "remove", "text", "body", "headers", "borrowed"];
    let object = reader.object(node, "a change of the request", keys)?;
    Some(RequestChange {
        drop: texts(reader, object.optional("drop"))?,
        query: pairs(object.optional("query"), |node| plain(reader, node))?,
        rename: pairs(object.optional("rename"), |node| plain(reader, node))?,
        set: pointers(reader, object.optional("set"), |node| Some(node.to_json()))?,
        remove: texts(reader, object.optional("remove"))?,
        text: pointers(reader, object.optional("text"), |node| text_change(reader, node))?,
        body: object.optional("body").map(Node::to_json),
        headers: fields(reader, object.optional("headers"), |node| header(reader, node))?,
        borrowed: part(object, "borrowed", |node| reader.boolean(node))?.unwrap_or(false),
    })
}

fn response(reader: &Reader, node: &Node) -> Option<ResponseChange> {
    let keys = &[
        "status",
        "set",
        "remove",
        "rename",
        "copy",
        "text",
        "numbers",
        "raw",
        "headers",
        "echo",
        "duplicate",
        "items",
    ];
    let object = reader.object(node, "a change of the answer", keys)?;
    Some(ResponseChange {
        status: part(object, "status", |node| status(reader, node))?,
        set: pointers(reader, object.optional("set"), |node| Some(node.to_json()))?,
        remove: texts(reader, object.optional("remove"))?,
        rename: pointers(reader, object.optional("rename"), |node| plain(reader, node))?,
        copy: pointers(reader, object.optional("copy"), |node| plain(reader, node))?,
        text: pointers(reader, object.optional("text"), |node| text_change(reader, node))?,
        numbers: numbers(reader, object.optional("numbers"))?,
        raw: part(object, "raw", |node| reader.text(node))?,
        headers: fields(reader, object.optional("headers"), |node| header(reader, node))?,
        echo: texts(reader, object.optional("echo"))?,
        duplicate: texts(reader, object.optional("duplicate"))?,
        items: part(object, "items", |node| reader.boolean(node))?.unwrap_or(false),
    })
}

fn lower<T>(fields: Vec<(String, T)>) -> Vec<(String, T)> {
    fields.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect()
}

fn pointers<T>(reader: &Reader, node: Option<&Node>, read: impl Fn(&Node) -> Option<T>) -> Option<Vec<(String, T)>> {
    for entry in node.map_or(&[][..], Node::entries) {
        if !pointer::is_pointer(&entry.key) || entry.key.is_empty() {
            reader.wrong(&entry.key_span, format!("`{}` is not a JSON Pointer", entry.key), "expected `/name`");
        }
    }
    pairs(node, read)
}

fn text_change(reader: &Reader, node: &Node) -> Option<TextChange> {
    match &node.tree {
        Tree::Number(_) => Some(TextChange::Cut(usize::try_from(reader.whole(node)?).unwrap_or(usize::MAX))),
        _ => reader.choice(node, TEXT),
    }
}

fn numbers(reader: &Reader, node: Option<&Node>) -> Option<Vec<(String, f64, f64)>> {
    let all = pointers(reader, node, |node| {
        let object = reader.object(node, "a change of a number", &["times", "plus"])?;
        let number = |key: &str, default: f64| {
            object
                .optional(key)
                .map_or(Some(default), |node| node.to_json().as_f64().or_else(|| reader.expected(node, "a number")))
        };
        Some((number("times", 1.0)?, number("plus", 0.0)?))
    })?;
    Some(all.into_iter().map(|(at, (times, plus))| (at, times, plus)).collect())
}

fn status(reader: &Reader, node: &Node) -> Option<u16> {
    match u16::try_from(reader.whole(node)?) {
        Ok(status @ 100..=599) => Some(status),
        _ => reader.expected(node, "a status from 100 to 599"),
    }
}

fn answer(reader: &Reader, node: &Node) -> Option<Made> {
    let object = reader.object(node, "an answer", &["status", "body", "headers"])?;
    Some(Made {
        status: status(reader, object.required("status")?)?,
        body: object.optional("body").map(Node::to_json),
        headers: fields(reader, object.optional("headers"), |node| plain(reader, node))?,
    })
}

/// Header fields, names in lower case, such as can be sent.
fn fields<T>(reader: &Reader, node: Option<&Node>, read: impl Fn(&Node) -> Option<T>) -> Option<Vec<(String, T)>> {
    for entry in node.map_or(&[][..], Node::entries) {
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if entry.key.is_empty() || !entry.key.chars().all(token) {
            reader.wrong(
                &entry.key_span,
                format!("`{}` is not the name of a header field", entry.key.escape_debug()),
                "this name",
            );
        }
        if entry.node.as_str().is_some_and(|value| value.chars().any(|c| c.is_control() && c != '\t')) {
            reader.wrong(&entry.node.span, "a header field holds no control character", "this value");
        }
    }
    pairs(node, read).map(lower)
}

fn relist(reader: &Reader, node: &Node) -> Option<Relist> {
    let keys = &["order", "cursor", "limit", "default", "most", "lost", "missing", "twice", "more", "reversed"];
    let object = reader.object(node, "another list", keys)?;
    let whole = |key: &str| -> Option<Option<i64>> {
        part(object, key, |node| node.to_json().as_i64().or_else(|| reader.expected(node, "a whole number")))
    };
    let size =
        |key: &str| -> Option<Option<usize>> { Some(whole(key)?.and_then(|number| usize::try_from(number).ok())) };
    Some(Relist {
        order: part(object, "order", |node| {
            reader.text(node).map(|word| if word == "reversed" { Sort::Reversed } else { Sort::By(word) })
        })?,
        cursor: part(object, "cursor", |node| reader.choice(node, CURSORS))?.unwrap_or_default(),
        limit: whole("limit")?.unwrap_or(0),
        default: size("default")?,
        most: size("most")?,
        lost: size("lost")?,
        missing: whole("missing")?,
        twice: whole("twice")?,
        more: part(object, "more", |node| reader.choice(node, MORE))?.unwrap_or_default(),
        reversed: part(object, "reversed", |node| reader.boolean(node))?.unwrap_or(false),
    })
}

fn also(reader: &Reader, node: &Node) -> Option<Also> {
    let keys = &["operation", "place", "itself", "named", "body", "keep", "whenRefused", "borrowed"];
    let object = reader.object(node, "something else", keys)?;
    let flag = |key: &str| part(object, key, |node| reader.boolean(node)).map(|flag| flag.unwrap_or(false));
    let place = part(object, "place", |node| reader.whole(node))?.unwrap_or(0);
    let named = part(object, "named", |node| reader.text(node))?;
    let whom = match named {
        Some(at) => Whom::Named(at),
        None if flag("itself")? => Whom::Itself,
        None => Whom::Other(usize::try_from(place).unwrap_or(usize::MAX)),
    };
    Some(Also {
        operation: object.text("operation")?,
        whom,
        body: object.optional("body").map(Node::to_json),
        keep: part(object, "keep", |node| reader.text(node))?,
        when_refused: flag("whenRefused")?,
        borrowed: flag("borrowed")?,
    })
}

/// Statuses and classes of them.
fn statuses(reader: &Reader, node: Option<&Node>) -> Option<Vec<String>> {
    let all = texts(reader, node)?;
    let fits = |one: &String| matches!(one.as_bytes(), [b'1'..=b'5', b'0'..=b'9' | b'X', b'0'..=b'9' | b'X']);
    match node.filter(|_| !all.iter().all(fits)) {
        Some(node) => reader.expected(node, "a status (`404`), a class (`4XX`), or a list of them"),
        None => Some(all),
    }
}

/// A number of requests, or of milliseconds.
fn from_one(reader: &Reader, node: &Node) -> Option<u64> {
    match reader.whole(node)? {
        0 => reader.expected(node, "a whole number from 1"),
        number => Some(number),
    }
}

/// Longer than any client waits, in milliseconds.
const LONGEST_DELAY: u64 = 600_000;

fn delay(reader: &Reader, node: &Node) -> Option<(Duration, Duration)> {
    let bounds = match &node.tree {
        Tree::Array(_) => reader.list(node, |one| reader.whole(one))?,
        _ => vec![reader.whole(node)?],
    };
    match bounds[..] {
        [.., longest] if longest > LONGEST_DELAY => reader.expected(node, "at most 600000 milliseconds, ten minutes"),
        [one] => Some((Duration::from_millis(one), Duration::from_millis(one))),
        [from, to] if from <= to => Some((Duration::from_millis(from), Duration::from_millis(to))),
        _ => reader.expected(node, "milliseconds, or two numbers of them, the smaller first"),
    }
}
