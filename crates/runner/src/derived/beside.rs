//! What stands in files beside a document: requirements of its user's, and scenarios.

use std::fmt::Write as _;

use conformance_api::{Api, Proof, Role};
use conformance_contract::requirements::Basis;
use conformance_contract::{Location, Requirement, Requirements};
use conformance_openapi::{Location as ParameterPlace, Parameter};
use conformance_scenario::Scenario;
use conformance_source::{Diagnostic, Diagnostics, SourceFile, suggest};

use super::operation;
use super::session::Session;
use super::subject::OfDocument;
use crate::bind::{Bound, bind_files};
use crate::expected::{Expected, expected};
use crate::subject::Place;
use crate::vocabulary::{Signature, SignatureParameter, Vocabulary};

/// What stands beside a document.
#[derive(Debug)]
pub struct Beside {
    /// Scenarios, in the order of their names.
    pub scenarios: Vec<Scenario>,
    /// What its user requires: levels of their own, requirements of their own.
    pub own: Requirements,
    /// The same, and all that follows from the document.
    pub(crate) all: Requirements,
}

impl Default for Beside {
    fn default() -> Self {
        let nothing = Requirements { file: SourceFile::new("", ""), documents: Vec::new(), all: Vec::new() };
        Self { scenarios: Vec::new(), own: nothing.clone(), all: nothing }
    }
}

impl Beside {
    /// Reads the files.
    ///
    /// # Errors
    /// Every mistake in them: what they name must be there.
    pub fn read(
        api: &Api,
        proof: &Proof,
        requirements: Option<&SourceFile>,
        (scenarios, fragments): (&[SourceFile], &[SourceFile]),
    ) -> Result<Self, Diagnostics> {
        let own = requirements.map_or_else(|| Ok(Self::default().own), Requirements::parse)?;
        let mut all = own.clone();
        let from_document: Vec<Expected> =
            if scenarios.is_empty() && requirements.is_none() { Vec::new() } else { expected(api, true) };
        let documents = [(DOCUMENT.to_owned(), api.document.name.clone())];
        all.documents.extend(documents.into_iter().filter(|(name, _)| own.document(name) == name));
        let new = from_document.into_iter().filter(|one| own.get(&one.id).is_none());
        all.all.extend(new.map(|one| requirement(&one)).collect::<Vec<_>>());
        let bound = bind_files(&OfDocumentFiles { api, proof, requirements: &all }, scenarios, fragments)?;
        let unused = untested(&own, &bound, api);
        if !unused.is_empty() {
            return Err(Diagnostics(unused));
        }
        Ok(Self { scenarios: bound.scenarios, own, all })
    }
}

/// What requirements that follow from a document call it.
const DOCUMENT: &str = "document";

fn requirement(one: &Expected) -> Requirement {
    Requirement {
        id: one.id.clone(),
        level: one.level,
        basis: Basis::Schema,
        statement: one.statement.clone(),
        violation: None,
        excluded: None,
        oracle: None,
        reasoning: None,
        sources: vec![(DOCUMENT.to_owned(), format!("#{}", one.pointer))],
        span: 0..0,
    }
}

/// Requirements that nothing tests: neither the document nor a scenario knows them.
fn untested(own: &Requirements, bound: &Bound, api: &Api) -> Vec<Diagnostic> {
    if own.all.is_empty() {
        return Vec::new();
    }
    let from_document = expected(api, true);
    let known = |id: &str| from_document.iter().any(|one| one.id == id) || !bound.citing(id).is_empty();
    let wrong = own.all.iter().filter(|one| !known(&one.id)).map(|one| {
        let title = format!("nothing tests `{}`", one.id);
        let wrong =
            Diagnostic::at(&own.file, one.span.clone(), title, "no requirement of the document, and no check cites it");
        let near = suggest::nearest(&one.id, from_document.iter().map(|one| one.id.as_str()));
        let help = near.map_or_else(
            || "`conformance list --openapi` names those of the document".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        wrong.with_help(help)
    });
    wrong.collect()
}

/// The requirements that follow from a document, as a file to edit.
#[must_use]
pub fn requirements_file(api: &Api, document: &str) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut text = String::from(
        "# What `conformance run` holds a server to, as it follows from the document.\n\
         #\n\
         # Change a level (MUST fails a run, SHOULD warns, INFO is never a failure), or leave one out with `excluded: untestable`. Rows\n\
         # that are deleted hold as the document has them; requirements of your own are cited by your scenarios.\n",
    );
    let _ = write!(text, "documents:\n  {DOCUMENT}: {}\nrequirements:\n", quoted(document));
    for one in expected(api, false) {
        let _ = write!(
            text,
            "  - id: {}\n    level: {}\n    basis: schema\n    statement: {}\n    sources: [{{ {DOCUMENT}: {} }}]\n",
            quoted(&one.id),
            one.level,
            quoted(&one.statement),
            quoted(&format!("#{}", one.pointer)),
        );
    }
    text
}

/// What the scenario files beside a document can name.
struct OfDocumentFiles<'d> {
    api: &'d Api,
    proof: &'d Proof,
    requirements: &'d Requirements,
}

impl Vocabulary for OfDocumentFiles<'_> {
    type Operation<'v>
        = OfDocument<'v>
    where
        Self: 'v;

    fn operation_ids(&self) -> Vec<&str> {
        self.api.document.operations.iter().map(|one| one.id.as_str()).collect()
    }

    fn operation(&self, id: &str) -> Option<(Signature, OfDocument<'_>)> {
        let at = self.api.document.operations.iter().position(|one| one.id == id)?;
        let (declared, meaning) = (&self.api.document.operations[at], &self.api.operations[at]);
        let place = |pointer: &str| Place::from(Location::new(self.api.document.name.as_str(), pointer));
        let parameter = |one: &Parameter| SignatureParameter {
            name: one.name.clone(),
            is_in_path: one.location == ParameterPlace::Path,
            schema: one.schema.as_deref().map(place),
        };
        let has = |role: Role| meaning.resource.is_some_and(|at| operation(self.api, at, role).is_some());
        let signature = Signature {
            id: declared.id.clone(),
            parameters: declared.parameters.iter().map(parameter).collect(),
            takes_body: declared.body.is_some(),
            body: Session::body_media(declared).map(|(_, pointer)| place(pointer)),
            is_list: meaning.role == Role::List,
            only_reads: declared.method == "GET",
            has_list: has(Role::List),
            has_retrieve: has(Role::Retrieve),
        };
        Some((signature, OfDocument { api: self.api, proof: self.proof, at }))
    }

    fn requirement_ids(&self) -> Vec<&str> {
        self.requirements.ids().collect()
    }
}
