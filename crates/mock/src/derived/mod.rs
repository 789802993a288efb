//! A mock of any document: what was inferred from it decides what each request does.
//!
//! The stages of a request stand in `Derived::carry_out`; each has a file: `call` (what is asked), `workspace` (whose
//! state), `handlers` (what it does to the state), `family` (objects above and below others), `object` (how objects are
//! made and changed), `list` (filters, order, pages), `projection` (state as the response's schema wants it, proved),
//! `trouble` (errors as they are documented).

mod call;
mod family;
mod handlers;
mod headers;
mod list;
mod meta;
mod object;
mod projection;
mod saved;
mod trouble;
mod versions;
mod workspace;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use conformance_api::credentials;
use conformance_api::media::is_json;
use conformance_api::routes::{Methods, Routes};
use conformance_api::{Api, Proof, Side};
use conformance_openapi::{Location, Media};
use conformance_record::Request;
use parking_lot::RwLock;
use serde_json::Value;

use crate::mock::Engine;
use crate::pipeline::allow;
use crate::problem::Problem;
use crate::reply::{Reply, plain};
use crate::saved::Saved;
use crate::settings::Settings;

use call::Call;
use trouble::Trouble;
use workspace::Workspaces;

/// What becomes of an id that nobody has made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownIds {
    /// One that this mock could have made is unknown; any other is answered as the document's example.
    #[default]
    Auto,
    /// Answered as the document's example.
    Make,
    /// Unknown.
    Reject,
}

/// What is behind a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basis {
    /// What was sent before.
    State,
    /// The document's example.
    Example,
    /// A schema, and nothing else.
    Schema,
}

impl Basis {
    fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Example => "example",
            Self::Schema => "schema",
        }
    }
}

/// What a request came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    status: u16,
    body: Content,
    basis: Basis,
    headers: Vec<(String, String)>,
}

/// A response's body.
#[derive(Debug)]
pub(crate) enum Content {
    Empty,
    Json(String, Value),
    Bytes(String, Vec<u8>),
}

/// The mock of a document.
#[derive(Debug)]
pub struct Derived {
    pub(crate) api: Api,
    pub(crate) proof: Proof,
    routes: Routes,
    workspaces: Workspaces,
    settings: Settings,
    unknown_ids: UnknownIds,
    /// Samples of objects, by where they stand.
    samples: RwLock<HashMap<String, Arc<projection::Members>>>,
    /// Ids that the document's own examples use, which are always answered.
    example_ids: HashSet<String>,
    /// Resources whose changes want to be told a version.
    versioned: HashSet<usize>,
}

impl Derived {
    /// A mock of what a document means.
    ///
    /// # Errors
    /// When its schemas can't be used at all.
    pub fn new(api: Api, settings: Settings, unknown_ids: UnknownIds) -> Result<Self, String> {
        let proof = Proof::new(&api.schemas)?;
        let routes = Routes::of(&api.document);
        let example_ids = example_ids(&api);
        let workspaces = Workspaces::new(settings.seed, settings.limits.workspaces);
        let (samples, versioned) = (RwLock::default(), versions::versioned(&api));
        Ok(Self { api, proof, routes, workspaces, settings, unknown_ids, samples, example_ids, versioned })
    }

    /// What is mocked.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// The stages of a request: which operation it is, whose it is, what it says, what it does, how that is answered.
    fn carry_out(&self, request: &Request, number: &mut Option<usize>) -> Result<Reply, (Trouble, Option<usize>)> {
        let routed = self.route(request).map_err(|trouble| (trouble, None))?;
        let here = |trouble: Trouble| (trouble, Some(routed.operation));
        let key = self.admit(&routed, request).map_err(here)?;
        let workspace = self.workspaces.of(&key);
        *number = Some(workspace.number);
        let call = self.read(routed.clone(), request).map_err(here)?;
        let outcome = self.handle(&call, &mut workspace.state.lock()).map_err(here)?;
        Ok(render(outcome))
    }

    fn refused(&self, trouble: &Trouble, operation: Option<usize>) -> Reply {
        let (status, body) = self.error(trouble, operation);
        let mut reply = render(Outcome { status, body, basis: Basis::Schema, headers: Vec::new() });
        match trouble {
            Trouble::MethodNotAllowed(methods) => reply.headers.push(("allow".into(), allow(methods).into())),
            Trouble::Unauthorized(_) if status == 401 => {
                let declared = operation.map(|at| &self.api.document.operations[at]);
                let wanted = declared.map(|one| credentials::challenges(&self.api.document.schemes, one));
                let wanted = wanted.unwrap_or_default().into_iter();
                reply.headers.extend(wanted.map(|one| ("www-authenticate".into(), one.into())));
            }
            _ => {}
        }
        reply.problem = Some(Problem::new(trouble.kind(), trouble.message()));
        reply
    }

    /// What a path has, and the response to a browser's preflight.
    fn options(&self, request: &Request) -> Reply {
        let mut methods: Vec<String> =
            self.methods_of(request.path()).map_or_else(Vec::new, |all| all.keys().cloned().collect());
        if methods.is_empty() {
            return self.refused(&Trouble::UnknownPath(request.path().to_owned()), None);
        }
        methods.retain(|one| one != "OPTIONS");
        let mut reply = plain(204, Bytes::new());
        reply.headers = vec![("allow".into(), allow(&methods).into())];
        reply.headers.extend(self.settings.cors.preflight(request, &allow(&methods)));
        reply
    }

    /// The media of a success that a request accepts.
    fn success_media<'c>(&self, call: &Call<'c>) -> Option<&'c Media> {
        let success = &call.operation.success;
        let all = &call.declared.responses.get(success.response?)?.media;
        let accept = call.request.header("accept").unwrap_or("*/*");
        let accepts = |media: &&Media| {
            accept.split(',').any(|one| {
                let wanted = conformance_api::media::essence(one);
                wanted != "*/*" && conformance_api::media::takes(&wanted, &media.media_type)
            })
        };
        let usual = success.media.and_then(|at| all.get(at));
        usual
            .filter(|media| is_json(&media.media_type) && accept.contains("json"))
            .or_else(|| all.iter().find(accepts))
            .or(usual)
    }
}

impl Engine for Derived {
    fn title(&self) -> &str {
        &self.api.document.title
    }

    fn answer(&self, request: &Request) -> Reply {
        let is_declared = |all: &Methods| all.contains_key("OPTIONS");
        if request.method == "OPTIONS" && !self.methods_of(request.path()).is_some_and(is_declared) {
            return self.options(request);
        }
        let mut number = None;
        let mut reply = self
            .carry_out(request, &mut number)
            .unwrap_or_else(|(trouble, operation)| self.refused(&trouble, operation));
        reply.workspace = number;
        reply
    }

    fn reject(&self, problem: Problem) -> Reply {
        let mut reply = self.refused(&Trouble::Malformed(problem.message.clone()), None);
        if problem.kind == "body-too-large" {
            reply.status = 413;
        }
        reply.problem = Some(problem);
        reply
    }

    fn reset(&self, request: &Request) -> Result<Option<usize>, String> {
        Ok(self.workspaces.reset(&self.whose(request)))
    }

    fn saved(&self) -> Saved {
        self.workspaces.kept.saved(|one| self.saved(&one.state.lock()))
    }

    fn restore(&self, saved: Saved) -> Result<(), String> {
        self.workspaces.kept.restore(saved, |number, state| self.restored(number, state))
    }

    fn put(&self, number: usize, state: &Value) -> Result<bool, String> {
        Ok(self.workspaces.kept.put(number, self.restored(number, state)?))
    }

    fn clear(&self, number: usize) -> bool {
        self.workspaces.kept.put(number, self.workspaces.fresh_under(number))
    }

    fn begin_with(&mut self, state: &Value) -> Result<(), String> {
        let begun = self.restored(0, state)?.state.into_inner();
        self.workspaces.begin_with(begun);
        Ok(())
    }
}

fn render(outcome: Outcome) -> Reply {
    let (content_type, body) = match outcome.body {
        Content::Empty => (None, Bytes::new()),
        Content::Json(media_type, value) => (Some(media_type), Bytes::from(conformance_json::write(&value))),
        Content::Bytes(media_type, bytes) => (Some(media_type), Bytes::from(bytes)),
    };
    let mut reply = plain(outcome.status, body);
    reply.headers = content_type.map(|one| ("content-type".into(), one.into())).into_iter().collect();
    reply.headers.push(("conformance-basis".into(), outcome.basis.name().into()));
    reply.headers.extend(outcome.headers.into_iter().map(|(name, value)| (name.into(), value.into())));
    reply
}

/// Ids that stand in the document as examples of path parameters.
fn example_ids(api: &Api) -> HashSet<String> {
    let mut ids = HashSet::new();
    for operation in &api.document.operations {
        for parameter in operation.parameters.iter().filter(|one| one.location == Location::Path) {
            let shape = parameter.schema.as_deref().map(|pointer| api.schemas.merged(pointer)).unwrap_or_default();
            let examples = parameter.examples.iter().chain(shape.examples).chain(shape.default);
            ids.extend(examples.filter_map(projection::as_text));
        }
    }
    ids
}

/// Which side the mock is on.
pub(crate) const SIDE: Side = Side::Response;
