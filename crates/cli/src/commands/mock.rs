//! `conformance mock`: the stand-in, until Ctrl-C.

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use conformance_api::Api;
use conformance_contract::{Action, Contract};
use conformance_fault::Fault;
use conformance_mock::cors::Cors;
use conformance_mock::{Limits, Listeners, Mock, Settings, server as socket};
use conformance_openapi::Document;
use conformance_record::{Answer, Behind, Boundary, Request, Secrets, Upstream};
use conformance_runner::Recorder;
use conformance_source::{Diagnostic, Diagnostics};
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::exit::{Exit, Failure};
use crate::fallback::Fallback;
use crate::faults::Catalogue;
use crate::state_file::StateFile;
use crate::watch::Watch;
use crate::weather::Weather;
use crate::{args, certificate, control, document, embedded, faults, log, server, signals, terminal};

const STOPPING: &str = "stopping: requests in flight may finish; Ctrl-C again ends at once";

/// Serves.
pub fn run(suite: Option<&Path>, args: &args::Mock) -> Result<Exit, Failure> {
    if args.require_token.as_ref().is_some_and(|token| token.trim().is_empty()) {
        return Err(Diagnostic::general("--require-token is empty: no request could ever be let in").into());
    }
    let prepared = match &args.openapi {
        Some(path) => document::prepare(path, args)?,
        None => of_suite(suite, args)?,
    };
    let watch = args.watch.then(|| watch(suite, args)).transpose()?;
    serve(prepared, args, watch)
}

/// What `--watch` follows, and how the mock is made anew.
fn watch(suite: Option<&Path>, args: &args::Mock) -> Result<Watch, Failure> {
    let mut paths = match (&args.openapi, suite) {
        (Some(path), _) => document::paths(path)?,
        (None, Some(folder)) => vec![folder.join("schemas"), folder.join("fixtures")],
        (None, None) => {
            let wrong = Diagnostic::general("--watch follows files, and the built-in suite has none");
            return Err(wrong.with_help("name a document with `--openapi`, or a folder with `--suite`").into());
        }
    };
    paths.extend(args.fixtures.iter().map(PathBuf::from).filter(|path| path.is_file()));
    let own = args.state.iter().chain(&args.record).cloned().collect();
    let (suite, args) = (suite.map(Path::to_owned), args.clone());
    let rebuild = move || match &args.openapi {
        Some(path) => Ok(document::prepare(path, &args)?.mock),
        None => Ok(of_suite(suite.as_deref(), &args)?.mock),
    };
    Ok(Watch { paths, own, rebuild: Arc::new(rebuild) })
}

/// A mock, and what is said of it once its URL is known.
pub struct Prepared {
    pub mock: Mock,
    /// What the mocked API is called.
    pub title: String,
    pub banner: Box<dyn FnOnce(&str) -> String>,
}

impl Prepared {
    /// The same behind what goes wrong, and before a real server.
    pub fn behind(self, weather: Option<Weather>, fallback: Option<Arc<Fallback>>) -> Self {
        let told = weather.as_ref().map(Weather::summary).unwrap_or_default()
            + &fallback.as_ref().map(|one| one.summary()).unwrap_or_default();
        let boundary: Arc<dyn Boundary> = match (weather, fallback) {
            (None, None) => return self,
            (Some(weather), None) => Arc::new(weather),
            (None, Some(fallback)) => fallback,
            (Some(weather), Some(fallback)) => Arc::new(Both { weather, fallback }),
        };
        let banner = self.banner;
        Self { mock: self.mock.behind(boundary), banner: Box::new(move |url| banner(url) + &told), ..self }
    }
}

/// What goes wrong, and a real server: faults happen to what is asked of it, too.
#[derive(Debug)]
struct Both {
    weather: Weather,
    fallback: Arc<Fallback>,
}

impl Boundary for Both {
    fn pass<'a>(&'a self, request: Request, upstream: &'a dyn Upstream) -> Answer<'a> {
        Box::pin(async move {
            let behind = Behind { boundary: self.fallback.as_ref(), upstream };
            self.weather.pass(request, &behind).await
        })
    }
}

fn of_suite(suite: Option<&Path>, args: &args::Mock) -> Result<Prepared, Failure> {
    let opened = Arc::new(embedded::open(suite)?);
    let catalogue = Catalogue::Suite(opened.clone());
    let (weather, fallback) = (weather(&catalogue, args)?, Fallback::of(&catalogue, args)?);
    let contract = opened.contract.clone();
    let fixtures = args.fixtures.as_deref().map(|name| embedded::fixtures(suite, name)).transpose()?;
    let token = server::control_token(args.control_token.clone())?;
    let mut mock = control::mock(&opened, settings(args), fixtures.as_ref(), (token, args.quiet))?;
    if args.populate.is_some() {
        let document = conformance_contract::bundle::bundle(&contract).to_string();
        let api = conformance_api::infer(Document::read("the suite", document.into_bytes())?);
        populate(&mut mock, &api, args)?;
    }
    let (title, restricted) = (contract.title.clone(), args.require_token.is_some());
    let prepared = Prepared { mock, title, banner: Box::new(move |url| banner(&contract, url, restricted)) };
    Ok(prepared.behind(weather, fallback))
}

/// Lets each workspace of a mock begin with as many objects as the arguments ask for.
///
/// # Errors
/// When none could be made.
pub fn populate(mock: &mut Mock, api: &Api, args: &args::Mock) -> Result<(), Diagnostic> {
    let Some(count) = args.populate else { return Ok(()) };
    let made = mock.populate(api, usize::from(count)).map_err(|why| {
        Diagnostic::general(format!("--populate: nothing could be made: {why}"))
            .with_help("create objects by requests, or give them with `--fixtures` or `--state`")
    })?;
    terminal::note(&format!("each workspace begins with {}", conformance_report::count(made, "object")));
    Ok(())
}

/// What the arguments say of any mock.
pub fn settings(args: &args::Mock) -> Settings {
    let most = |limit: NonZeroU32| usize::try_from(limit.get()).unwrap_or(usize::MAX);
    let limits = Limits {
        connections: most(args.max_connections),
        workspaces: most(args.max_workspaces),
        objects: most(args.max_objects),
        ..Limits::default()
    };
    let cors = Cors { any: args.cors_origins.iter().any(|one| one == "any"), origins: args.cors_origins.clone() };
    let tls = args.tls || args.tls_cert.is_some();
    Settings { seed: args.seed, strict: args.strict, require_token: args.require_token.clone(), tls, cors, limits }
}

fn serve(prepared: Prepared, args: &args::Mock, watch: Option<Watch>) -> Result<Exit, Failure> {
    let Prepared { mut mock, title, banner } = prepared;
    let recorder = args.record.as_deref().map(|path| recorder(path, &title)).transpose()?;
    if !args.quiet {
        let log = log::RequestLog::start()
            .map_err(|error| Diagnostic::general(format!("the log could not be started: {error}")))?;
        mock = mock.observed(Box::new(log));
    }
    if let Some(recorder) = &recorder {
        mock = mock.witnessed(Box::new(log::Record::to(recorder.clone())));
    }
    let certificate = certificate::of(args)?;
    allow_open_files(args.max_connections);
    let state = args.state.as_deref().map(|path| StateFile::load(path, &mock)).transpose()?;
    let mock = Arc::new(mock);
    super::runtime()?
        .block_on(async {
            let (sockets, address) = listen(&args.host, args.port).await?;
            let scheme = if certificate.is_some() { "https" } else { "http" };
            let url = format!("{scheme}://{address}");
            // Who knows the URL may already end it.
            let stop = signals::first(STOPPING);
            terminal::line(&url);
            terminal::note(&banner(&url));
            let (tls, authority) = certificate.map(|one| (one.tls, one.authority)).unzip();
            if let Some(authority) = authority.flatten() {
                terminal::note(&trust(&authority));
            }
            let listeners = Listeners { sockets, tls };
            watch.map(|watch| tokio::spawn(watch.follow(mock.clone())));
            let keeping = state.map(|state| tokio::spawn(state.keep(mock.clone())));
            let served = socket::serve(listeners, mock.clone(), async {
                let _ = stop.await;
            });
            served.await.map_err(|error| Diagnostic::general(format!("the server ended: {error}")))?;
            if let Some(keeping) = keeping {
                let kept = keeping.await.is_ok_and(|mut state| state.write_or_say(&mock));
                return kept.then_some(()).ok_or(Failure { exit: Exit::Usage, diagnostics: Diagnostics(Vec::new()) });
            }
            Ok(())
        })
        .and_then(|()| match recorder.map(|recorder| recorder.finish()) {
            Some(Err(error)) => Err(Diagnostic::general(format!("the recording could not be written: {error}")).into()),
            _ => Ok(Exit::Ok),
        })
}

/// How clients come to trust a certificate that was made here.
fn trust(authority: &Path) -> String {
    let path = authority.display();
    format!(
        "Its certificate is vouched for by {path}\n  curl --cacert {path}\n  NODE_EXTRA_CA_CERTS={path}   SSL_CERT_FILE={path}\n  \
         Browsers import it as an authority; its own key is kept nowhere, so it vouches for nothing else.\n"
    )
}

/// Each connection is an open file: as many are asked for as may be had without rights.
fn allow_open_files(connections: NonZeroU32) {
    #[cfg(not(unix))]
    let _ = connections;
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        const BESIDES: u64 = 128;
        let limit = getrlimit(Resource::Nofile);
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
        let wanted = u64::from(connections.get()) + BESIDES;
        if let Some(most) = getrlimit(Resource::Nofile).current.filter(|most| *most < wanted) {
            let connections = most.saturating_sub(BESIDES);
            terminal::note(&format!(
                "note: --max-connections {}: only {most} files may be open (`ulimit -n`), so about {connections} are served",
                wanted - BESIDES
            ));
        }
    }
}

fn recorder(path: &Path, title: &str) -> Result<Recorder, Diagnostic> {
    let made = Recorder::create(path, Secrets::default());
    let recorder = made.map_err(|error| Diagnostic::general(format!("cannot write {}: {error}", path.display())))?;
    recorder.begin_requests(title);
    Ok(recorder)
}

/// What shall go wrong, if anything.
pub fn weather(catalogue: &Catalogue, args: &args::Mock) -> Result<Option<Weather>, Failure> {
    if args.faults.is_empty() && args.latency.is_none() && !args.fault_header {
        return Ok(None);
    }
    let all = catalogue.all()?;
    let mut always = if args.faults.is_empty() { Vec::new() } else { faults::named(&all, &args.faults)? };
    always.extend(args.latency.map(|(from, to)| Fault::latency(from, to)));
    let asked_for = if args.fault_header { all } else { Vec::new() };
    Ok(Some(Weather::new(&catalogue.subject(), always, asked_for, args.quiet)))
}

/// Listens on an address, and tells which; on both of this machine's own where that is `localhost`.
pub async fn listen(host: &str, port: u16) -> Result<(Vec<TcpListener>, SocketAddr), Failure> {
    let both = host == "localhost";
    let first = bind(if both { "127.0.0.1" } else { host }, port).await?;
    let address = first.local_addr().map_err(|error| Diagnostic::general(error.to_string()))?;
    let mut listeners = vec![first];
    if both {
        match TcpListener::bind(("::1", address.port())).await {
            Ok(second) => listeners.push(second),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => terminal::note(&format!(
                "note: another program listens on [::1]:{port}, where `localhost` may lead; use {address}",
                port = address.port()
            )),
            // A machine without IPv6.
            Err(_) => {}
        }
    }
    Ok((listeners, address))
}

async fn bind(host: &str, port: u16) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind((host.trim_matches(['[', ']']), port)).await;
    bound.map_err(|error| {
        let diagnostic = Diagnostic::general(format!("cannot listen on {host}:{port}: {error}"));
        match error.kind() {
            io::ErrorKind::AddrInUse => {
                diagnostic.with_help("choose another port with `--port`, or a free one with `--port 0`")
            }
            io::ErrorKind::PermissionDenied => {
                diagnostic.with_help("ports below 1024 need rights; choose a higher one with `--port`")
            }
            _ => diagnostic.with_help("`--host` takes an address of this machine, such as 127.0.0.1 or 0.0.0.0"),
        }
        .into()
    })
}

fn banner(contract: &Contract, url: &str, restricted: bool) -> String {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let method_style = AnsiColor::Cyan.on_default();
    let mut text =
        format!("\n{bold}{}{bold:#} {}, mocked at {bold}{url}{bold:#}\n\n", contract.title, contract.version);
    let width = contract.operations.iter().map(|one| one.path.to_string().len()).max().unwrap_or(0);
    for operation in &contract.operations {
        let (method, path) = (&operation.method, operation.path.to_string());
        let _ = writeln!(
            text,
            "  {method_style}{method:<6}{method_style:#} {path:<width$}  {dim}{}{dim:#}",
            operation.summary
        );
    }
    let tokens =
        if restricted { "Only the required token is let in." } else { "Each bearer token has a workspace of its own." };
    let _ = write!(
        text,
        "\n{tokens} Try:\n\n{}\n\nRequests, state and faults: {url}/__conformance/. Ctrl-C stops.\n",
        curl(contract, url, restricted)
    );
    text
}

/// A command that works as it stands.
fn curl(contract: &Contract, url: &str, restricted: bool) -> String {
    let token = if restricted { "<the required token>" } else { "me" };
    let create = contract.operations.iter().find(|one| one.action == Action::Create);
    let Some((create, body)) = create.and_then(|one| Some((one, one.body.as_ref()?))) else {
        return format!("  curl {url}");
    };
    let properties = contract.schemas.properties(&body.schema.location).into_iter();
    let example: Map<String, Value> = properties
        .filter_map(|(name, schemas)| Some((name, schemas.iter().find_map(|at| contract.schemas.example(at))?)))
        .collect();
    let example = Value::Object(example).to_string().replace('\'', "'\\''");
    format!(
        "  curl {url}{} \\\n    -H \"Authorization: Bearer {token}\" -H \"Content-Type: application/json\" \\\n    -d '{example}'",
        create.path
    )
}

/// A mock beside a command.
pub struct Beside {
    /// Where it is.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<io::Result<()>>,
}

impl Beside {
    /// Answers what was sent already, and ends.
    pub async fn end(self) {
        let _ = self.stop.send(());
        let _ = self.served.await;
    }
}

/// Binds a mock of its own to a free loopback port, for commands that need one beside them.
pub async fn beside(mock: Mock) -> io::Result<Beside> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(socket::serve([listener], Arc::new(mock), async {
        // Who drops the other end lets it go on.
        if stopped.await.is_err() {
            std::future::pending::<()>().await;
        }
    }));
    Ok(Beside { address, stop, served })
}
