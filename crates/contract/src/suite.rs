//! A suite: a folder of schemas, fixtures and snapshots, opened and found sound.

use std::sync::Arc;

use conformance_source::{Diagnostic, Diagnostics, SourceFile, parse};

use crate::files::Files;
use crate::keywords;
use crate::model::Contract;
use crate::openapi;
use crate::requirements::Requirements;
use crate::schemas::{Location, Schemas};

const SCENARIOS: &str = "fixtures/scenarios";
const FRAGMENTS: &str = "fixtures/fragments";
const REQUIREMENTS: &str = "schemas/requirements.yaml";

/// What a folder promises about an API, ready to use.
pub struct Suite {
    /// The operations and schemas.
    pub contract: Arc<Contract>,
    /// What the documents demand.
    pub requirements: Requirements,
    /// Scenario files, parsed later by those who replay them.
    pub scenarios: Vec<SourceFile>,
    /// Files with steps that scenarios share, parsed with them.
    pub fragments: Vec<SourceFile>,
    files: Arc<dyn Files>,
}

impl std::fmt::Debug for Suite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Suite").field("title", &self.contract.title).finish_non_exhaustive()
    }
}

impl Suite {
    /// Opens a suite.
    ///
    /// # Errors
    /// Everything that is wrong with its schemas, contract and requirements.
    pub fn open(files: Arc<dyn Files>) -> Result<Self, Diagnostics> {
        let contract = Arc::new(contract(&*files)?);
        let requirements = Requirements::parse(&source(&*files, REQUIREMENTS)?)?;
        unread(&*files)?;
        let sources = |folder| -> Result<Vec<SourceFile>, Diagnostics> {
            list(&*files, folder, ".yaml")?.iter().map(|path| source(&*files, path)).collect()
        };
        let (scenarios, fragments) = (sources(SCENARIOS)?, sources(FRAGMENTS)?);
        Ok(Self { contract, requirements, scenarios, fragments, files })
    }

    /// The readable files below a folder of the suite, by path.
    #[must_use]
    pub fn below(&self, folder: &str) -> Vec<(String, String)> {
        let paths = self.files.below(folder).unwrap_or_default();
        paths.into_iter().filter_map(|path| Some((path.clone(), self.files.read(&path).ok()?))).collect()
    }

    /// The files below a folder of the suite whose names end so.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn sources(&self, folder: &str, ending: &str) -> Result<Vec<SourceFile>, Diagnostics> {
        list(&*self.files, folder, ending)?.iter().map(|path| source(&*self.files, path)).collect()
    }

    /// A file of the suite.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn source(&self, path: &str) -> Result<SourceFile, Diagnostics> {
        source(&*self.files, path)
    }
}

/// The contract and every schema beside it.
fn contract(files: &dyn Files) -> Result<Contract, Diagnostics> {
    let mut schemas = Schemas::default();
    let file = source(files, openapi::PATH)?;
    let root = parse(&file)?;
    schemas.add(openapi::PATH, &file, &root);
    let mut found = Vec::new();
    let mut paths = list(files, "schemas", ".json")?;
    // The schemas of our own formats describe suites; they are no part of one.
    paths.retain(|path| path.matches('/').count() == 1);
    for path in &paths {
        let file = source(files, path)?;
        match parse(&file) {
            Ok(root) => schemas.add(path, &file, &root),
            Err(wrong) => found.extend(wrong.0),
        }
    }
    if !found.is_empty() {
        // References into a file that could not be read would only seem to lead nowhere.
        return Err(Diagnostics(found));
    }
    found.extend(paths.iter().flat_map(|path| keywords::check(&schemas, &Location::new(path.as_str(), ""))));
    if found.is_empty() { openapi::read(&file, &root, schemas) } else { Err(Diagnostics(found)) }
}

fn source(files: &dyn Files, path: &str) -> Result<SourceFile, Diagnostics> {
    let shown = files.display(path);
    let text = files.read(path).map_err(|error| {
        let wrong = Diagnostic::general(format!("cannot read {shown}: {error}"));
        match error.kind() {
            std::io::ErrorKind::NotFound => wrong.with_help(
                "a suite is a folder with schemas/openapi.yaml, schemas/requirements.yaml and fixtures/scenarios/",
            ),
            _ => wrong,
        }
    })?;
    Ok(SourceFile::new(shown, text))
}

fn list(files: &dyn Files, folder: &str, ending: &str) -> Result<Vec<String>, Diagnostics> {
    let all = files.below(folder);
    let all = all.map_err(|error| Diagnostic::general(format!("cannot read {}: {error}", files.display(folder))))?;
    Ok(all.into_iter().filter(|path| path.ends_with(ending)).collect())
}

/// Files that look as if they were meant, and would not be read.
fn unread(files: &dyn Files) -> Result<(), Diagnostics> {
    let mut wrong = Vec::new();
    for folder in [SCENARIOS, FRAGMENTS] {
        let all = list(files, folder, ".yml")?;
        wrong.extend(all.iter().map(|path| {
            let title = format!("{} would not be read", files.display(path));
            Diagnostic::general(title).with_help("files of a suite end in `.yaml`")
        }));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Diagnostics(wrong)) }
}
