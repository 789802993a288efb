//! What the documents demand, sentence by sentence (`schemas/requirements.yaml`).

use conformance_record::{Cited, Level};
use conformance_source::{Diagnostics, Node, Object, Reader, SourceFile, Span, parse, suggest};

/// How we know of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// A sentence of a document.
    Stated,
    /// The vendor's machine-readable description.
    Schema,
    /// An example in a document.
    Example,
    /// Follows from the others, by the written reasoning.
    Derived,
}

/// Why no check cites a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excluded {
    /// Nothing that the API answers shows it.
    Untestable,
    /// No operation of this API brings it about.
    NoOperation,
    /// It takes a credential of another kind.
    OtherCredential,
    /// It binds clients, not servers.
    AboutClients,
    /// It allows something and demands nothing.
    Permission,
}

impl Excluded {
    const WORDS: &[(&'static str, Self)] = &[
        ("untestable", Self::Untestable),
        ("no-operation", Self::NoOperation),
        ("other-credential", Self::OtherCredential),
        ("about-clients", Self::AboutClients),
        ("permission", Self::Permission),
    ];

    /// The reason in words.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Untestable => "nothing that the API answers shows it",
            Self::NoOperation => "no operation of this API brings it about",
            Self::OtherCredential => "it takes a credential of another kind",
            Self::AboutClients => "it binds clients, not servers",
            Self::Permission => "it allows something and demands nothing",
        }
    }
}

/// A rule by which every answer of every scenario is judged, whatever its steps ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// An object is shown as it was last written.
    Same,
    /// A deleted object is gone.
    Gone,
    /// Lists are in order.
    Order,
    /// No object is on a page twice.
    Once,
    /// A page holds no more than was asked for.
    Limit,
    /// What is asked for by its id has that id.
    Id,
    /// An object has no member twice.
    Members,
}

impl Rule {
    const WORDS: &[(&'static str, Self)] = &[
        ("same", Self::Same),
        ("gone", Self::Gone),
        ("order", Self::Order),
        ("once", Self::Once),
        ("limit", Self::Limit),
        ("id", Self::Id),
        ("members", Self::Members),
    ];

    /// Whether every answer shows it by itself, so that no check needs to bring it about.
    #[must_use]
    pub const fn needs_no_check(self) -> bool {
        matches!(self, Self::Members)
    }

    /// What the rule demands.
    #[must_use]
    pub const fn demand(self) -> &'static str {
        match self {
            Self::Same => "an object is shown as it was last written",
            Self::Gone => "a deleted object is gone",
            Self::Order => "lists are in order",
            Self::Once => "no object is on a page twice",
            Self::Limit => "a page holds no more than was asked for",
            Self::Id => "what is asked for by its id has that id",
            Self::Members => "an object has no member twice",
        }
    }
}

impl Basis {
    /// Its word in a file.
    #[must_use]
    pub fn word(self) -> &'static str {
        BASES.iter().find(|(_, basis)| *basis == self).map_or("", |(word, _)| word)
    }
}

/// One requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Its id: `area.what`.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// How we know.
    pub basis: Basis,
    /// What it demands, in one sentence.
    pub statement: String,
    /// What a server does that breaks it, for example.
    pub violation: Option<String>,
    /// Why no check cites it, if none does.
    pub excluded: Option<Excluded>,
    /// The rule of the oracle that it is, if it is one.
    pub oracle: Option<Rule>,
    /// Why it follows; always given for a derived one.
    pub reasoning: Option<String>,
    /// Where it stands: a document of the file's list and a place in it.
    pub sources: Vec<(String, String)>,
    /// Where it is written down here.
    pub span: Span,
}

/// All requirements of a suite.
#[derive(Clone, Debug)]
pub struct Requirements {
    /// The file they stand in.
    pub file: SourceFile,
    /// The documents: what they are called here, and what they are.
    pub documents: Vec<(String, String)>,
    /// The requirements in the order of the file.
    pub all: Vec<Requirement>,
}

const LEVELS: &[(&str, Level)] = &[("MUST", Level::Must), ("SHOULD", Level::Should), ("INFO", Level::Info)];
const BASES: &[(&str, Basis)] =
    &[("stated", Basis::Stated), ("schema", Basis::Schema), ("example", Basis::Example), ("derived", Basis::Derived)];

impl Requirements {
    /// Reads the file.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn parse(file: &SourceFile) -> Result<Self, Diagnostics> {
        let root = parse(file)?;
        let reader = Reader::new(file);
        let all = read(&reader, &root);
        let documents = root.get("documents").map_or(&[][..], Node::entries).iter();
        let documents =
            documents.map(|entry| (entry.key.clone(), entry.node.as_str().unwrap_or(&entry.key).to_owned()));
        Ok(Self { file: file.clone(), documents: documents.collect(), all: reader.finish(all)? })
    }

    /// The requirement with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Requirement> {
        self.all.iter().find(|requirement| requirement.id == id)
    }

    /// What a document is, by what it is called here.
    #[must_use]
    pub fn document<'s>(&'s self, name: &'s str) -> &'s str {
        self.documents.iter().find(|(one, _)| one == name).map_or(name, |(_, what)| what)
    }

    /// A requirement, as a check cites it.
    #[must_use]
    pub fn cited(&self, one: &Requirement) -> Cited {
        let source = |(document, place): &(String, String)| format!("{}: {place}", self.document(document));
        Cited {
            id: one.id.clone(),
            level: one.level,
            statement: one.statement.clone(),
            sources: one.sources.iter().map(source).collect(),
        }
    }

    /// The requirement that a rule of the oracle stands for.
    #[must_use]
    pub fn oracle(&self, rule: Rule) -> Option<&Requirement> {
        self.all.iter().find(|requirement| requirement.oracle == Some(rule))
    }

    /// All ids.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|requirement| requirement.id.as_str())
    }
}

fn read(reader: &Reader, root: &Node) -> Option<Vec<Requirement>> {
    let file = reader.object(root, "the requirements", &["documents", "requirements"])?;
    let documents: Vec<&str> = file.required("documents")?.entries().iter().map(|entry| entry.key.as_str()).collect();
    let all = reader.list(file.required("requirements")?, |node| requirement(reader, node, &documents))?;
    for (index, one) in all.iter().enumerate() {
        if all[..index].iter().any(|earlier| earlier.id == one.id) {
            reader.wrong(&one.span, format!("`{}` is used twice", one.id), "an earlier requirement has this id");
        }
    }
    Some(all)
}

fn requirement(reader: &Reader, node: &Node, documents: &[&str]) -> Option<Requirement> {
    const KEYS: &[&str] =
        &["id", "level", "basis", "statement", "violation", "excluded", "oracle", "reasoning", "sources"];
    let object = reader.object(node, "a requirement", KEYS)?;
    let id = object.required("id");
    let level = object.required("level").and_then(|level| reader.choice(level, LEVELS));
    let basis = object.required("basis").and_then(|basis| reader.choice(basis, BASES));
    let sources = sources(reader, object, documents);
    let excluded = object.optional("excluded").map(|node| reader.choice(node, Excluded::WORDS));
    let oracle = object.optional("oracle").map(|node| reader.choice(node, Rule::WORDS));
    let requirement = Requirement {
        id: reader.text(id?)?,
        level: level?,
        basis: basis?,
        statement: object.text("statement")?,
        violation: object.optional_text("violation"),
        excluded: excluded.flatten(),
        oracle: oracle.flatten(),
        reasoning: object.optional_text("reasoning"),
        sources: sources?,
        span: id?.span.clone(),
    };
    justified(reader, &requirement);
    Some(requirement)
}

fn sources(reader: &Reader, object: Object<'_>, documents: &[&str]) -> Option<Vec<(String, String)>> {
    let Some(node) = object.optional("sources") else { return Some(Vec::new()) };
    let mut all = Vec::new();
    for source in reader.list(node, |source| Some(source.clone()))? {
        let [entry] = source.entries() else { return reader.expected(&source, "one `document: place`") };
        if !documents.contains(&entry.key.as_str()) {
            let mut diagnostic = conformance_source::Diagnostic::at(
                reader.file(),
                entry.key_span.clone(),
                format!("`{}` is not one of the documents", entry.key),
                "unknown document",
            );
            diagnostic.help.extend(suggest::help(&entry.key, documents.iter().copied()));
            reader.report(diagnostic);
        }
        all.push((entry.key.clone(), reader.text(&entry.node)?));
    }
    Some(all)
}

/// A MUST needs a sentence, a schema or written reasoning behind it.
fn justified(reader: &Reader, requirement: &Requirement) {
    match requirement.basis {
        Basis::Derived if requirement.reasoning.is_none() => reader.wrong(
            &requirement.span,
            format!("`{}` is derived and needs `reasoning`", requirement.id),
            "from what does it follow?",
        ),
        Basis::Example if requirement.level == Level::Must => reader.wrong(
            &requirement.span,
            format!("`{}` rests on an example and cannot be a MUST", requirement.id),
            "SHOULD or INFO",
        ),
        Basis::Stated | Basis::Schema | Basis::Example if requirement.sources.is_empty() => reader.wrong(
            &requirement.span,
            format!("`{}` needs `sources`", requirement.id),
            "where do the documents say so?",
        ),
        _ => {}
    }
}
