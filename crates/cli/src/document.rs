//! Any OpenAPI document in place of a suite: found, read, and mocked.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anstyle::{AnsiColor, Style};
use conformance_api::credentials::{self, Carriers};
use conformance_api::{Api, Proof, Role};
use conformance_contract::files::{Files as _, Folder};
use conformance_mock::derived::{Derived, UnknownIds};
use conformance_mock::{Given, Mock};
use conformance_openapi::{Document, Note, Overlaid, Overlay};
use conformance_runner::derived::Beside;
use conformance_source::{Diagnostic, Diagnostics, Reader, SourceFile, Tree, read_text};
use serde_json::Value;

use crate::commands::mock::{Prepared, populate, settings, weather};
use crate::exit::Failure;
use crate::fallback::Fallback;
use crate::faults::Catalogue;
use crate::{args, control, server, terminal};

/// Names that a document in a folder may have.
const NAMES: [&str; 6] = ["openapi.yaml", "openapi.yml", "openapi.json", "swagger.yaml", "swagger.yml", "swagger.json"];
/// The overlay of the document beside it.
pub const OVERLAY: &str = "overlay.yaml";
/// What its user requires.
pub const REQUIREMENTS: &str = "requirements.yaml";
/// Scenarios of its user's, and steps that they share.
pub const SCENARIOS: &str = "scenarios";
const FRAGMENTS: &str = "fragments";
/// What `--fixtures` calls the examples of the document itself.
const EXAMPLES: &str = "examples";
/// The file that makes a folder a suite.
const SUITE: &str = "schemas/openapi.yaml";
/// So many files of a folder that is no suite are looked into for a document.
const TRIED: usize = 40;
/// So many resources are shown at start.
const SHOWN: usize = 12;

/// Reads a document, or the one in a folder with the overlay beside it, and concludes what it means.
///
/// # Errors
/// When there is none, it is no OpenAPI document, or what the overlay says cannot be obeyed.
pub fn open(path: &Path) -> Result<Api, Failure> {
    let file = find(path)?;
    let overlay = overlay(path)?;
    let api = conformance_api::infer(Document::open_with(&file, overlay.as_ref())?);
    if api.problems.is_empty() {
        return Ok(api);
    }
    let wrong = api.problems.iter().map(|problem| {
        let place = place(&api.document, &problem.pointer);
        let wrong = Diagnostic::general(format!("{place}: {}", problem.what));
        problem.help.iter().fold(wrong, Diagnostic::with_help)
    });
    Err(Diagnostics(wrong.collect()).into())
}

/// What the overlay of a folder says that it extends, where that is a file of the folder. Others' overlays name an address.
fn extended(folder: &Path) -> Result<Option<String>, Failure> {
    let Some(overlay) = overlay(folder)? else { return Ok(None) };
    let Some(name) = overlay.extends().filter(|name| !name.contains(['/', '\\', ':'])) else { return Ok(None) };
    if !folder.join(name).is_file() {
        let wrong = Diagnostic::general(format!(
            "{} extends `{name}`, and there is no such file beside it",
            folder.join(OVERLAY).display()
        ));
        return Err(wrong.with_help("`extends` names the document, a file of the same folder").into());
    }
    Ok(Some(name.to_owned()))
}

/// What a document is read from: its folder, or its file and those that it refers to.
///
/// # Errors
/// When it cannot be read.
pub fn paths(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let home = path.parent().unwrap_or(Path::new("."));
    let others = Document::open(path)?.files().into_iter().map(|file| home.join(file));
    Ok(std::iter::once(path.to_owned()).chain(others).collect())
}

/// The overlay of a folder, if it has one.
fn overlay(folder: &Path) -> Result<Option<Overlay>, Failure> {
    let file = folder.join(OVERLAY);
    if !folder.is_dir() || !file.exists() {
        return Ok(None);
    }
    let name = file.display().to_string();
    let text = read_text(&file).map_err(|error| Diagnostic::general(format!("cannot read {name}: {error}")))?;
    Ok(Some(Overlay::parse(&SourceFile::new(name, text))?))
}

/// What stands beside the document of a folder: `requirements.yaml`, and scenarios under `scenarios`.
///
/// # Errors
/// Every mistake in those files.
pub fn files_beside(folder: &Path, api: &Api, proof: &Proof) -> Result<Beside, Failure> {
    if !folder.is_dir() {
        return Ok(Beside::default());
    }
    let files = Folder(folder.to_owned());
    let unreadable = |path: &str, error: std::io::Error| {
        Diagnostic::general(format!("cannot read {}: {error}", files.display(path)))
    };
    let source = |path: &String| match files.read(path) {
        Ok(text) => Ok(SourceFile::new(files.display(path), text)),
        Err(error) => Err(unreadable(path, error)),
    };
    let sources = |folder: &str| -> Result<Vec<SourceFile>, Diagnostic> {
        let all = files.below(folder).map_err(|error| unreadable(folder, error))?;
        all.iter().filter(|path| path.ends_with(".yaml")).map(source).collect()
    };
    let requirements = folder.join(REQUIREMENTS).exists().then(|| source(&REQUIREMENTS.to_owned())).transpose()?;
    let (scenarios, fragments) = (sources(SCENARIOS)?, sources(FRAGMENTS)?);
    Ok(Beside::read(api, proof, requirements.as_ref(), (&scenarios, &fragments))?)
}

/// Where a part of a document is said: in its overlay, else in its own file.
fn place(document: &Document, pointer: &str) -> String {
    let within = |one: &&Overlaid| {
        pointer.strip_prefix(one.pointer.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let overlaid = document.overlaid.iter().filter(within).max_by_key(|one| one.pointer.len());
    let line = || document.line(pointer).map_or(document.name.clone(), |line| format!("{}:{line}", document.name));
    let place = overlaid.map_or_else(line, |one| one.place.clone());
    format!("{place}: #{pointer}")
}

/// Why a document can't be used whose schemas can't.
pub fn unusable(path: &Path) -> impl Fn(String) -> Diagnostic {
    let name = path.display().to_string();
    move |error| Diagnostic::general(format!("{name}: its schemas do not fit together: {error}"))
}

/// The document at a path: the file itself, or that of a folder, which its overlay may name.
///
/// # Errors
/// When the folder holds none.
pub fn find(path: &Path) -> Result<PathBuf, Failure> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    if let Some(extended) = extended(path)? {
        return Ok(path.join(extended));
    }
    let found = NAMES.iter().map(|name| path.join(name)).find(|one| one.is_file());
    found.ok_or_else(|| {
        let wrong = Diagnostic::general(format!("{} holds no OpenAPI document", path.display()));
        wrong.with_help(format!("name the file, or call it one of {}", NAMES.join(", "))).into()
    })
}

/// Sees that what is named as a suite is one, and no document by itself.
///
/// # Errors
/// When it is an OpenAPI document, or a folder that holds one and no suite.
pub fn reject_as_suite(path: &Path) -> Result<(), Failure> {
    let Some(file) = lone_document(path) else { return Ok(()) };
    let wrong = Diagnostic::general(format!(
        "{}: this is a plain OpenAPI document; use `--openapi {}`",
        path.display(),
        file.display()
    ));
    Err(wrong.with_help("`mock`, `run`, `exec`, `check`, `list`, `explain` and `mutate` take it").into())
}

/// The document at a path that holds no suite, or directly below it.
fn lone_document(path: &Path) -> Option<PathBuf> {
    let is_document = |file: &PathBuf| Document::open(file).is_ok();
    if path.is_file() {
        return Some(path.to_owned()).filter(is_document);
    }
    if !path.is_dir() || path.join(SUITE).exists() {
        return None;
    }
    let usual = NAMES.iter().map(|name| path.join(name)).find(|one| one.is_file());
    usual.filter(is_document).or_else(|| {
        let is_text =
            |file: &PathBuf| file.extension().is_some_and(|one| one == "yaml" || one == "yml" || one == "json");
        let mut files: Vec<PathBuf> = std::fs::read_dir(path).ok()?.flatten().map(|entry| entry.path()).collect();
        files.retain(|file| is_text(file) && file.is_file());
        files.sort();
        files.into_iter().take(TRIED).find(is_document)
    })
}

/// The mock of a document.
///
/// # Errors
/// When the document can't be read or used.
pub fn prepare(path: &Path, args: &args::Mock) -> Result<Prepared, Failure> {
    let api = open(path)?;
    let unknown_ids = match args.unknown_ids {
        // Who begins with objects asks for those, and for nothing that stands for one.
        args::UnknownIds::Auto if args.populate.is_some() || args.fixtures.is_some() => UnknownIds::Reject,
        args::UnknownIds::Auto => UnknownIds::Auto,
        args::UnknownIds::Make => UnknownIds::Make,
        args::UnknownIds::Reject => UnknownIds::Reject,
    };
    let settings = settings(args);
    let catalogue = Catalogue::of(&api);
    let (weather, fallback) = (weather(&catalogue, args)?, Fallback::of(&catalogue, args)?);
    let token = server::control_token(args.control_token.clone())?;
    let control = control::control(catalogue, api.document.root.to_string(), (token, args.quiet));
    let derived = Derived::new(api, settings.clone(), unknown_ids).map_err(unusable(path))?;
    let title = derived.api().document.title.clone();
    let text = banner(derived.api());
    let needs_meaning = args.populate.is_some() || args.fixtures.is_some();
    let meaning = needs_meaning.then(|| open(path)).transpose()?;
    let mut mock = Mock::derived(derived, settings).controlled(control);
    if let Some(api) = meaning {
        populate(&mut mock, &api, args)?;
        match args.fixtures.as_deref() {
            Some(EXAMPLES) if !Path::new(EXAMPLES).exists() => begin_with_examples(&mut mock, &api),
            Some(file) => begin_with(&mut mock, &api, Path::new(file))?,
            None => {}
        }
    }
    Ok(Prepared { mock, title, banner: Box::new(move |url| text.replace("{url}", url)) }.behind(weather, fallback))
}

/// Lets each workspace begin with the objects that the document's examples show.
fn begin_with_examples(mock: &mut Mock, api: &Api) {
    let (made, unfit) = mock.begin_with_examples(api);
    terminal::note(&format!(
        "each workspace begins with {} of the examples",
        conformance_report::count(made, "object")
    ));
    if let Some(first) = unfit.first() {
        let examples = conformance_report::count(unfit.len(), "example");
        terminal::note(&format!("note: {examples} cannot be an object; the first at {first}"));
    }
}

/// Lets each workspace begin with the objects of a file: lists of them by the path at which they are created.
fn begin_with(mock: &mut Mock, api: &Api, path: &Path) -> Result<(), Failure> {
    let name = path.display().to_string();
    let text = read_text(path).map_err(|error| Diagnostic::general(format!("cannot read {name}: {error}")))?;
    let file = SourceFile::new(name, text);
    let (root, reader) = (conformance_source::parse(&file)?, Reader::new(&file));
    let (mut all, mut spans) = (Vec::new(), Vec::new());
    for entry in root.entries() {
        let objects = reader.list(&entry.node, |node| Some(node.clone())).unwrap_or_default();
        for node in objects {
            match node.to_json() {
                Value::Object(members) => {
                    all.push(Given { path: format!("/{}", entry.key.trim_start_matches('/')), members });
                    spans.push(node.span.clone());
                }
                _ => reader.wrong(&node.span, "expected an object", "in this list"),
            }
        }
    }
    if !matches!(root.tree, Tree::Object(_)) {
        reader.wrong(
            &root.span,
            "expected lists of objects, by the path at which they are created",
            "as `/pets: [{ name: Rex }]`",
        );
    }
    reader.finish(Some(()))?;
    if all.is_empty() {
        return Ok(());
    }
    mock.begin_with(api, &all).map_err(|(number, why)| {
        let wrong = Diagnostic::at(&file, spans[number].clone(), "an object cannot be made", why);
        wrong.with_help("keys are the paths at which objects are created, as `/pets` or `/owners/7/pets`")
    })?;
    Ok(())
}

fn banner(api: &Api) -> String {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let document = &api.document;
    let mut text = format!(
        "\n{bold}{}{bold:#} {}, OpenAPI {}, mocked at {bold}{{url}}{bold:#}\n\n",
        document.title, document.api_version, document.version
    );
    let count = |role: Role| api.operations.iter().filter(|one| one.role == role).count();
    let _ = writeln!(
        text,
        "  {} operations, {} resources: {} lists, {} creates, {} retrieves, {} deletes",
        api.operations.len(),
        api.resources.len(),
        count(Role::List),
        count(Role::Create),
        count(Role::Retrieve),
        count(Role::Delete),
    );
    for resource in api.resources.iter().take(SHOWN) {
        let id = resource.identity.first().map_or("in the path only", |one| one.name.as_str());
        let _ = writeln!(text, "  {}  {dim}id: {id}{dim:#}", resource.collection);
    }
    if api.resources.len() > SHOWN {
        let _ = writeln!(text, "  {dim}… and {} more{dim:#}", api.resources.len() - SHOWN);
    }
    if !document.overlaid.is_empty() {
        let _ = writeln!(text, "  {dim}{} with {OVERLAY} over it{dim:#}", document.name);
    }
    text += &notes(&document.notes);
    text += &credentials(api);
    text + "\nEach credential has a workspace of its own.\nRequests, state and faults: {url}/__conformance/. Ctrl-C stops.\n"
}

/// What a client has to send to be let in, where operations want anything.
fn credentials(api: &Api) -> String {
    let nothing = Carriers { headers: &[], query: &[] };
    let mut operations = api.document.operations.iter();
    let wanted = operations.find_map(|one| credentials::admit(&api.document.schemes, one, nothing).err());
    wanted.map(|wanted| format!("\nWants {wanted}; any will do.")).unwrap_or_default()
}

/// What of a document is not used, a line per kind.
fn notes(notes: &[Note]) -> String {
    let style = AnsiColor::Yellow.on_default();
    let line = |note: &Note| {
        let times = if note.count == 1 { String::new() } else { format!(" ({} times)", note.count) };
        format!("\n{style}note{style:#} {}{times}, first at #{}", note.kind, note.first)
    };
    let lines: String = notes.iter().map(line).collect();
    if lines.is_empty() { lines } else { lines + "\n" }
}
