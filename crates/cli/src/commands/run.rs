//! `conformance run`: judge a server.

use std::path::Path;
use std::sync::Arc;

use conformance_contract::{Contract, Suite};
use conformance_mock::{Mock, Settings};
use conformance_record::{RunEvent, Tally};
use conformance_report::Terminal;
use conformance_runner::{Target, Tokens, Unreachable, bind};
use conformance_source::{Diagnostic, Diagnostics};

use crate::exit::{Exit, Failure};
use crate::{args, embedded};

/// What is sent to a server of one's own when no token is given: many take any.
const DEFAULT_TOKEN: &str = "conformance";

/// Judges.
pub fn run(suite: Option<&Path>, args: &args::Run) -> Result<Exit, Failure> {
    let suite = embedded::open(suite)?;
    let bound = bind(&suite)?;
    let token = args.token.clone().filter(|token| !token.is_empty());
    if token.as_ref().is_some_and(|token| token.chars().any(|c| c.is_control() || c == ' ')) {
        let wrong = Diagnostic::general("the token cannot be sent: it holds a space or a control character");
        return Err(wrong.with_help("check --token and CONFORMANCE_TOKEN for a stray line break").into());
    }
    super::runtime()?.block_on(async {
        let target = match args.base_url.as_deref().filter(|url| !url.is_empty()) {
            Some(url) => Target::parse(url, Tokens::One(token.clone().unwrap_or_else(|| DEFAULT_TOKEN.to_owned())))?,
            None => embedded_mock(&suite).await?,
        };
        let mut terminal = Terminal::new(anstream::stdout(), args.verbose);
        // A closed pipe ends the telling, not the run: what was created must still be deleted.
        let mut listener = |event: &RunEvent| drop(terminal.hear(event));
        let done = conformance_runner::run(&suite, &bound, &target, &mut listener).await;
        done.map(|tally| exit(&tally, args.deny_warnings)).map_err(|why| unreachable(&target, token.is_some(), &why))
    })
}

/// A mock of the suite's own contract on a free port, a workspace for each scenario.
async fn embedded_mock(suite: &Suite) -> Result<Target, Failure> {
    let contract: Arc<Contract> = suite.contract.clone();
    let mock = Mock::new(contract, Settings::default(), None)?;
    let address = super::mock::beside(mock).await;
    let address = address.map_err(|error| Diagnostic::general(format!("the embedded mock did not start: {error}")))?;
    let mut target = Target::parse(&format!("http://{address}"), Tokens::PerScenario)?;
    "the embedded mock".clone_into(&mut target.name);
    Ok(target)
}

/// The first that applies: a failed MUST, something that could not be judged, all well.
const fn exit(tally: &Tally, deny_warnings: bool) -> Exit {
    if tally.failed > 0 || (deny_warnings && tally.warned > 0) {
        Exit::Failed
    } else if tally.could_not_run > 0 {
        Exit::Incomplete
    } else {
        Exit::Ok
    }
}

fn unreachable(target: &Target, token_given: bool, why: &Unreachable) -> Failure {
    let name = &target.name;
    let diagnostic = match why {
        Unreachable::NoAnswer(reason) => Diagnostic::general(format!("{name} does not answer: {reason}"))
            .with_help("is the server running, and is this its base URL? `conformance mock` starts one to try"),
        Unreachable::Refused(status) if token_given => {
            Diagnostic::general(format!("{name} refuses the token with status {status}"))
                .with_help("check --token or CONFORMANCE_TOKEN")
        }
        Unreachable::Refused(status) => Diagnostic::general(format!("{name} wants a token (status {status})"))
            .with_help("give one with --token or CONFORMANCE_TOKEN"),
    };
    Failure { exit: Exit::Unreachable, diagnostics: Diagnostics::from(diagnostic) }
}
