//! What is told of checks and exchanges: as much as somebody reads, without secrets.

use conformance_record::truncate::{MAX_TEXT, truncate, truncate_body};
use conformance_record::{CheckOutcome, Exchange, Request, Response, Secrets, Verdict};

use crate::target::Target;

/// Shortens, and takes secrets out of, everything that an answer could have brought into an outcome.
pub(crate) fn scrub(check: &mut CheckOutcome, secrets: &Secrets) {
    let text = |text: &str| secrets.scrub(&truncate(text, MAX_TEXT));
    check.expected = text(&check.expected);
    for found in &mut check.found {
        found.found = text(&found.found);
        found.round = text(&found.round);
        found.place = text(&found.place);
        found.expected = found.expected.as_ref().map(|expected| text(expected));
    }
    if let Verdict::CouldNotRun(reason) | Verdict::NotApplicable(reason) | Verdict::ToolFault(reason) =
        &mut check.verdict
    {
        *reason = text(reason);
    }
}

/// An exchange as it may be told. Of the run's own credentials only which of them were sent remains.
pub(crate) fn told(exchange: &Exchange, target: &Target, scenario: usize, secrets: &Secrets) -> Exchange {
    let own = format!("Bearer {}", target.token(scenario));
    let second = target.second(scenario).map(|token| format!("Bearer {token}"));
    let exchange = Exchange {
        number: exchange.number,
        request: Request {
            target: truncate(&exchange.request.target, MAX_TEXT),
            body: truncate_body(&exchange.request.body),
            ..exchange.request.clone()
        },
        response: exchange
            .response
            .clone()
            .map(|response| Response { body: truncate_body(&response.body), ..response }),
        took: exchange.took,
    };
    exchange.cleaned(secrets, |value| match value {
        value if value == own => "Bearer <token>".to_owned(),
        value if Some(value) == second.as_deref() => "Bearer <second token>".to_owned(),
        value => secrets.scrub(value),
    })
}
