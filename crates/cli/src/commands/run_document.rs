//! `conformance run --openapi`: verify a server with nothing but an OpenAPI document.

use std::path::Path;

use conformance_api::{Api, Proof};
use conformance_mock::derived::{Derived, UnknownIds};
use conformance_mock::{Mock, Settings as MockSettings};
use conformance_record::Tally;
use conformance_runner::derived::{
    Beside, DocumentRun, Options, Planned, Seed, Source, forgotten_path, plan, requirement_ids, scenario_names, verify,
};
use conformance_runner::{KnownFailures, Snapshots, Target};
use conformance_source::{Diagnostic, suggest};

use super::run::{
    beside, failing, finish, known_failures_file, last_failed, listener, outcome, recorder, remember_failed,
    server_flags, snapshots_in,
};
use crate::exit::{Exit, Failure};
use crate::reports::Reports;
use crate::scripts::RecordedScripts;
use crate::{args, document, server, signals, state, terminal};

/// Verifies.
pub fn run(path: &Path, args: &args::Run) -> Result<Exit, Failure> {
    let api = document::open(path)?;
    let proof = proof(path, &api)?;
    let files = document::files_beside(path, &api, &proof)?;
    let given = server::target_of_document(&args.server)?;
    let mut settings = server::settings(&args.server)?;
    settings.jobs = args.jobs;
    settings.journals = given.as_ref().and_then(|_| state::journals());
    let known = known_failures(&args.verdicts, (&api, &files))?;
    let name = given.as_ref().map_or("mock", |target| &target.name);
    let remembered_as = format!("{name} {}", api.document.title);
    let options = options(path, args, &api, &remembered_as)?;
    let planned = plan(&api, &options, &files.scenarios);
    if planned.is_empty() {
        return Err(nothing_called_so(path, &options, (&api, &files)).into());
    }
    if args.plan {
        planned.iter().for_each(|one| terminal::line(&format!("{:<40} {}", one.name, one.summary)));
        return Ok(Exit::Ok);
    }
    let makes = planned.iter().any(Planned::creates);
    let snapshots = snapshots(args, given.as_ref())?;
    let mut reports = Reports::with(&args.telling, Vec::new(), rerun_command(path, args))?;
    let mut failed = Vec::new();
    let exit = super::runtime()?.block_on(async {
        let target = match given {
            Some(target) => target,
            None => beside(mock(path)?).await?,
        };
        let recorder = recorder(args, &target.secrets(&settings))?;
        let stop = signals::stopped("interrupted: deleting what was created; again ends at once");
        let (target, settings, beside, seed) = (&target, &settings, &files, Seed::fresh());
        let (api, proof, snapshots, stopping) = (&api, &proof, snapshots.as_ref(), stop.clone());
        let mut run = DocumentRun { api, proof, target, settings, seed, options, beside, snapshots, stop: stopping };
        let below = forgotten_path(&run).await.map(|path| found_below(target, &path));
        let target = below.as_ref().unwrap_or(target);
        run.target = target;
        let url = format!("{}{}", target.lasting_origin(), target.path);
        let mut scripts = args.scripts.as_ref().map(|folder| RecordedScripts::new(folder, url));
        let mut listener = listener(&args.telling, &mut reports, |event| {
            failed.extend(failing(event));
            scripts.iter_mut().for_each(|scripts| scripts.hear(event));
        });
        let verified = verify(run, Source::Server(recorder.clone()), known, &mut listener).await;
        let tally = verified.map_err(|why| server::unreachable(&target.name, args.server.token.is_some(), &why))?;
        drop(listener);
        finish(recorder)?;
        write(scripts)?;
        let exit = verdict(&tally, args, makes);
        Ok::<_, Failure>(if *stop.borrow() { Exit::Interrupted } else { exit })
    })?;
    reports.write()?;
    remember_failed(&remembered_as, &failed);
    Ok(exit)
}

/// The exit code of a run; one that should have created objects and could not has checked little.
fn verdict(tally: &Tally, args: &args::Run, makes: bool) -> Exit {
    let exit = outcome(tally, args);
    if exit == Exit::Ok && makes && tally.created == 0 {
        terminal::note("incomplete: nothing could be created, so that most checks did not run; `-v` says why of each");
        return Exit::Incomplete;
    }
    exit
}

fn write(scripts: Option<RecordedScripts>) -> Result<(), Diagnostic> {
    for path in scripts.map_or_else(|| Ok(Vec::new()), |scripts| scripts.write())? {
        terminal::note(&format!("script {}", path.display()));
    }
    Ok(())
}

/// How the target behaved before: in the folder that is named for it.
fn snapshots(args: &args::Run, target: Option<&Target>) -> Result<Option<Snapshots>, Failure> {
    if args.snapshots.is_none() && (args.require_snapshots || args.target.is_some()) {
        let wrong = Diagnostic::general("--target and --require-snapshots are about snapshots, and no folder is named");
        return Err(wrong.with_help("with `--openapi`, `--snapshots DIR` says where they are kept").into());
    }
    let folder = args.snapshots.clone();
    Ok(folder.map(|folder| snapshots_in(Some(folder), args, target, Vec::new())).transpose()?)
}

/// The server below the path of the document's servers, which the base URL leaves out.
fn found_below(target: &Target, path: &str) -> Target {
    let below = target.below(path);
    terminal::note(&format!(
        "the document's servers have the path {path}, and so does this one: verifying {}",
        below.url()
    ));
    below
}

/// That `--only` names nothing, and what may have been meant.
fn nothing_called_so(path: &Path, options: &Options, (api, files): (&Api, &Beside)) -> Diagnostic {
    let wrong = Diagnostic::general(format!("nothing in {} is called so", path.display()));
    let only = options.only.first().map_or("", String::as_str);
    if requirement_ids(api, files).iter().any(|one| one == only) {
        let help = format!("`{only}` is a requirement; with `--openapi`, `--only` takes areas and scenarios");
        return wrong.with_help(help);
    }
    let names = scenario_names(api, files);
    let areas = names.iter().filter_map(|name| name.split('/').next());
    let near = suggest::nearest(only, names.iter().map(String::as_str).chain(areas));
    let near = near.map(|near| format!("did you mean `{near}`? "));
    wrong.with_help(format!("{}`--plan` lists the names of all that can be verified", near.unwrap_or_default()))
}

/// What the run may do, and what of it is wanted.
fn options(path: &Path, args: &args::Run, api: &Api, remembered_as: &str) -> Result<Options, Diagnostic> {
    let is_known = |name: &&String| api.document.operations.iter().any(|one| one.id == **name);
    if let Some(unknown) = args.allow.iter().find(|name| !is_known(name)) {
        let wrong = Diagnostic::general(format!("{} has no operation `{unknown}` to allow", path.display()));
        return Err(wrong.with_help("`check --openapi` lists the operations"));
    }
    let failed = if args.last_failed { Some(last_failed(remembered_as)?) } else { None };
    Ok(Options {
        allow_leftovers: args.allow_leftovers,
        read_only: args.read_only,
        allow: args.allow.clone(),
        only: failed.unwrap_or_else(|| args.choice.only.clone()),
        with: args.with.clone(),
    })
}

/// The failures that are excused.
pub(super) fn known_failures(
    verdicts: &args::Verdicts,
    (api, files): (&Api, &Beside),
) -> Result<KnownFailures, Failure> {
    let Some(file) = known_failures_file(verdicts)? else { return Ok(KnownFailures::default()) };
    Ok(KnownFailures::parse_for_document(&file, scenario_names(api, files), requirement_ids(api, files))?)
}

pub(super) fn proof(path: &Path, api: &Api) -> Result<Proof, Diagnostic> {
    Proof::new(&api.schemas).map_err(document::unusable(path))
}

/// A mock of the same document on a free port.
fn mock(path: &Path) -> Result<Mock, Failure> {
    let derived = Derived::new(document::open(path)?, MockSettings::default(), UnknownIds::Auto);
    let derived = derived.map_err(document::unusable(path))?;
    Ok(Mock::derived(derived, MockSettings::default()))
}

fn rerun_command(path: &Path, args: &args::Run) -> String {
    let mut command = format!("conformance run --openapi {}{}", path.display(), server_flags(&args.server));
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
