//! Versions of objects, where a document has `If-Match` or `ETag`: shown with an object, and wanted for its change.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use conformance_api::Api;
use conformance_api::versions::{FIELD, is_among, wants_version};
use conformance_store::Place;

use super::call::Call;
use super::projection::Members;
use super::trouble::Trouble;
use super::workspace::Kept;
use super::{Content, Derived, Outcome};

/// The resources of which an operation documents `If-Match`.
pub(crate) fn versioned(api: &Api) -> HashSet<usize> {
    let all = api.operations.iter().zip(&api.document.operations);
    all.filter(|(_, declared)| wants_version(declared)).filter_map(|(operation, _)| operation.resource).collect()
}

impl Derived {
    /// Whether the object is the one that the request is about, where its operation wants to be told.
    ///
    /// # Errors
    /// When it has changed since.
    pub(crate) fn check_version(&self, call: &Call<'_>, place: &Place, kept: &Kept) -> Result<(), Trouble> {
        let Some(given) = call.request.header(FIELD).filter(|_| wants_version(call.declared)) else { return Ok(()) };
        let id = self.id(call, &self.api.resources[place.resource]).unwrap_or("");
        let Some(object) = kept.state.collection(place).and_then(|all| all.get(all.find(id)?)) else { return Ok(()) };
        if is_among(given, &version(&object.members)) {
            return Ok(());
        }
        Err(Trouble::Stale(format!("`{id}` has changed since, or `If-Match` names no version of it")))
    }

    /// The version of an object, where a change of such objects wants one, or the response documents it.
    pub(crate) fn version_header(&self, call: &Call<'_>, members: &Members) -> Option<(String, String)> {
        let response = call.operation.success.response.and_then(|at| call.declared.responses.get(at));
        let is_documented =
            response.is_some_and(|one| one.headers.iter().any(|field| field.name.eq_ignore_ascii_case("etag")));
        let is_wanted = call.operation.resource.is_some_and(|at| self.versioned.contains(&at));
        (is_documented || is_wanted).then(|| ("etag".to_owned(), version(members)))
    }

    /// The answer to who has this version already, where that is documented.
    pub(crate) fn if_changed(&self, call: &Call<'_>, outcome: Outcome) -> Outcome {
        let is_documented = call.declared.responses.iter().any(|one| one.status == "304");
        let known = call.request.header("if-none-match").filter(|_| is_documented);
        let shown = outcome.headers.iter().find(|(name, _)| name == "etag").map(|(_, value)| value.as_str());
        match (known, shown) {
            (Some(known), Some(version)) if is_among(known, version) => {
                Outcome { status: 304, body: Content::Empty, ..outcome }
            }
            _ => outcome,
        }
    }
}

fn version(members: &Members) -> String {
    let mut hasher = DefaultHasher::new();
    for (name, value) in members {
        (name, conformance_json::write(value)).hash(&mut hasher);
    }
    format!("\"{:016x}\"", hasher.finish())
}
