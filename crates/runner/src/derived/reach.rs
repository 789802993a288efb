//! The first contact: whether this is a server of the document at all, and below which path.

use conformance_api::Role;
use conformance_record::{NoResponse, Response};

use super::cleanup_log::CleanupLog;
use super::request::Arguments;
use super::session::Session;
use super::{DocumentRun, Seed};
use crate::client::Client;
use crate::contact::Unreachable;
use crate::lane::Lane;
use crate::target::Target;

/// The path of the document's servers, where nothing of it is served at the base URL of a run, and something is below that path.
pub async fn forgotten_path(run: &DocumentRun<'_>) -> Option<String> {
    let mut bases =
        run.api.document.base_paths.iter().filter(|base| !run.target.path.ends_with(base.as_str())).peekable();
    bases.peek()?;
    if serves(run, run.target).await != Some(false) {
        return None;
    }
    for base in bases {
        if serves(run, &run.target.below(base)).await == Some(true) {
            return Some(base.clone());
        }
    }
    None
}

/// Whether a target has the document's paths; none where it can't be told.
async fn serves(run: &DocumentRun<'_>, target: &Target) -> Option<bool> {
    let client = Client::new(target, run.settings).ok()?.until(run.stop.clone());
    let lane = Lane::Http(Box::new(client), None);
    let (seed, options) = (Seed::fresh(), run.options.clone());
    let run = DocumentRun { target, seed, options, stop: run.stop.clone(), ..*run };
    let log = CleanupLog::default();
    let mut session = Session::new(&run, (&lane, &log), 0, "document/first-contact");
    let (_, response) = session.first_contact().await?;
    Some(!is_elsewhere(&response.ok()?))
}

/// Whether a status says that what was asked for is not here.
fn is_elsewhere(response: &Response) -> bool {
    matches!(response.status, 301..=308 | 404 | 503)
}

/// A few harmless requests, to tell an unreachable server from a wrong one, and whether it knows whose credentials it sees.
pub(super) async fn reach(run: &DocumentRun<'_>, lane: &Lane) -> Result<bool, Unreachable> {
    let log = CleanupLog::default();
    let mut session = Session::new(run, (lane, &log), 0, "document/first-contact");
    let Some((path, response)) = session.first_contact().await else { return Ok(false) };
    match response {
        Err(reason) => Err(Unreachable::NoResponse(reason)),
        Ok(response) if matches!(response.status, 401 | 403) => {
            Err(Unreachable::Refused(response.status, response.words()))
        }
        Ok(response) if is_elsewhere(&response) => {
            Err(Unreachable::NotServing(response.status, path, response.words()))
        }
        Ok(_) => Ok(session.knows_credentials().await),
    }
}

impl Session<'_> {
    /// Reads a list, or anything else that can be read without an id: its path, and what came. None where there is nothing of the kind.
    async fn first_contact(&mut self) -> Option<(String, Result<Response, NoResponse>)> {
        let api = self.run.api;
        let plain = api.operations.iter().zip(&api.document.operations).enumerate();
        let mut plain = plain.filter(|(_, (_, declared))| declared.method == "GET" && !declared.path.contains('{'));
        let any = plain.clone().next();
        let (at, (_, declared)) = plain.find(|(_, (one, _))| one.role == Role::List).or(any)?;
        let answer = self.send(at, Arguments::default()).await;
        Some((declared.path.clone(), self.exchanges[answer.number].response.clone()))
    }
}
