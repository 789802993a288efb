//! `conformance run --openapi`: verify a server with nothing but an OpenAPI document.

use std::path::Path;

use conformance_api::{Api, Proof};
use conformance_mock::derived::{Derived, UnknownIds};
use conformance_mock::{Mock, Settings as MockSettings};
use conformance_runner::Target;
use conformance_runner::derived::{DocumentRun, Options, plan, verify};
use conformance_source::Diagnostic;

use super::run::{beside, exit, listener};
use crate::exit::{Exit, Failure};
use crate::reports::Reports;
use crate::{args, document, server, signals, state, terminal};

/// Verifies.
pub fn run(path: &Path, args: &args::Run) -> Result<Exit, Failure> {
    let api = document::open(path)?;
    let proof = proof(path, &api)?;
    let files = document::files_beside(path, &api, &proof)?;
    let given = target(&args.server)?;
    let mut settings = server::settings(&args.server)?;
    settings.jobs = args.jobs;
    settings.journals = given.as_ref().and_then(|_| state::journals());
    let options = Options {
        allow_leftovers: args.allow_leftovers,
        read_only: args.read_only,
        allow: args.allow.clone(),
        only: args.choice.only.clone(),
        with: args.with.clone(),
    };
    let is_known = |name: &&String| api.document.operations.iter().any(|one| one.id == **name);
    if let Some(unknown) = options.allow.iter().find(|name| !is_known(name)) {
        let wrong = Diagnostic::general(format!("{} has no operation `{unknown}` to allow", path.display()));
        return Err(wrong.with_help("`check --openapi` lists the operations").into());
    }
    let planned = plan(&api, &options, &files.scenarios);
    if planned.is_empty() {
        let wrong = Diagnostic::general(format!("nothing in {} is called so", path.display()));
        return Err(wrong.with_help("`--plan` lists the names of all that can be verified").into());
    }
    if args.plan {
        planned.iter().for_each(|one| terminal::line(&format!("{:<40} {}", one.name, one.summary)));
        return Ok(Exit::Ok);
    }
    let mut reports = Reports::with(&args.telling, Vec::new(), rerun_command(path, args))?;
    let exit = super::runtime()?.block_on(async {
        let target = match given {
            Some(target) => target,
            None => beside(mock(path)?).await?,
        };
        let stop = signals::stopped("interrupted: deleting what was created; again ends at once");
        let (target, settings, beside) = (&target, &settings, &files);
        let run = DocumentRun { api: &api, proof: &proof, target, settings, options, beside, stop: stop.clone() };
        let verified = verify(run, &mut listener(&args.telling, &mut reports, |_| ())).await;
        let tally = verified.map_err(|why| server::unreachable(&target.name, args.server.token.is_some(), &why))?;
        let exit = exit(&tally, args.verdicts.deny_warnings);
        Ok::<_, Failure>(if *stop.borrow() { Exit::Interrupted } else { exit })
    })?;
    reports.write()?;
    Ok(exit)
}

pub(super) fn proof(path: &Path, api: &Api) -> Result<Proof, Diagnostic> {
    Proof::new(&api.schemas).map_err(document::unusable(path))
}

/// The server at the base URL. A token may be a pair here: `user:password`.
fn target(server: &args::Server) -> Result<Option<Target>, Failure> {
    server::target(server)
}

/// A mock of the same document on a free port.
fn mock(path: &Path) -> Result<Mock, Failure> {
    let derived = Derived::new(document::open(path)?, MockSettings::default(), UnknownIds::Auto);
    let derived = derived.map_err(document::unusable(path))?;
    Ok(Mock::derived(derived, MockSettings::default()))
}

fn rerun_command(path: &Path, args: &args::Run) -> String {
    let mut command = format!("conformance run --openapi {}", path.display());
    if let Some(url) = &args.server.base_url {
        command.push_str(&format!(" --base-url {url}"));
    }
    if args.allow_leftovers {
        command.push_str(" --allow-leftovers");
    }
    for name in &args.allow {
        command.push_str(&format!(" --allow {name}"));
    }
    for (name, value) in &args.with {
        command.push_str(&format!(" --with {name}={value}"));
    }
    command
}
