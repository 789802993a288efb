//! `conformance exec --openapi`: run a command against a mock of any document, and judge by it what the command sent.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use conformance_mock::derived::{Derived, UnknownIds};
use conformance_mock::{Mock, Settings, Witness};
use conformance_record::{Exchange, NoResponse, Request, Response};
use conformance_runner::DocumentReader;
use conformance_runner::document_traffic::{DocumentTraffic, rule};
use conformance_runner::target::BY_HAND;

use super::exec;
use crate::exit::{Exit, Failure};
use crate::faults::Catalogue;
use crate::reports::Reports;
use crate::{args, control, document};

/// Keeps what the command sent.
struct Listener {
    reader: Arc<DocumentReader>,
    traffic: Arc<Mutex<DocumentTraffic>>,
}

impl Witness for Listener {
    fn saw(&self, request: &Request, answer: &Result<Response, NoResponse>, took: Duration) {
        let exchange = Exchange { number: 0, request: request.clone(), response: answer.clone(), took };
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner).take(&self.reader, &exchange);
    }
}

/// Runs and judges.
pub fn run(path: &Path, args: &args::Exec) -> Result<Exit, Failure> {
    let unusable = document::unusable(path);
    let reader = Arc::new(DocumentReader::new(document::open(path)?).map_err(&unusable)?);
    let settings = Settings { seed: args.seed, ..Settings::default() };
    let catalogue = Catalogue::of(&reader.api);
    let weather = exec::weather(&catalogue, &args.faults)?;
    let control = control::control(catalogue, reader.api.document.root.to_string(), (None, true));
    let derived = Derived::new(document::open(path)?, settings.clone(), UnknownIds::Auto).map_err(&unusable)?;
    let mut reports = exec::reports(Reports::with(&args.telling, Vec::new(), String::new())?, rule)?;
    let traffic = Arc::new(Mutex::new(DocumentTraffic::given(exec::TOKEN)));
    let listener = Listener { reader: reader.clone(), traffic: traffic.clone() };
    let mut mock = Mock::derived(derived, settings).controlled(control).witnessed(Box::new(listener));
    if let Some(weather) = weather {
        mock = mock.behind(Arc::new(weather));
    }
    let start = Instant::now();
    let ended = match exec::run_beside(mock, args)? {
        Ok(ended) => ended,
        Err(exit) => return Ok(exit),
    };
    let traffic = traffic.lock().unwrap_or_else(PoisonError::into_inner);
    let judged = traffic.judged(&reader, (&exec::name(args), BY_HAND), &args.client.allowed, start.elapsed());
    exec::tell(&args.telling, &mut reports, &judged);
    reports.write()?;
    Ok(exec::verdict(args, ended, traffic.is_empty(), &judged))
}
