//! What is told of checks and exchanges: all of it, without secrets.

use conformance_record::{CheckOutcome, Exchange, Secrets, Verdict};

use crate::target::Target;

/// Takes secrets out of everything that an answer could have brought into an outcome.
pub(crate) fn scrub(check: &mut CheckOutcome, secrets: &Secrets) {
    check.expected = secrets.scrub(&check.expected);
    for found in &mut check.found {
        found.found = secrets.scrub(&found.found);
        found.round = secrets.scrub(&found.round);
        found.place = secrets.scrub(&found.place);
        found.expected = found.expected.as_ref().map(|expected| secrets.scrub(expected));
    }
    if let Verdict::CouldNotRun(reason) | Verdict::NotApplicable(reason) | Verdict::ToolFault(reason) =
        &mut check.verdict
    {
        *reason = secrets.scrub(reason);
    }
}

/// An exchange as it may be told. Of the run's own credentials only which of them were sent remains.
pub(crate) fn told(exchange: &Exchange, target: &Target, scenario: usize, secrets: &Secrets) -> Exchange {
    let own = format!("Bearer {}", target.token(scenario));
    let second = target.second(scenario).map(|token| format!("Bearer {token}"));
    exchange.cleaned(secrets, |value| match value {
        value if value == own => "Bearer <token>".to_owned(),
        value if Some(value) == second.as_deref() => "Bearer <second token>".to_owned(),
        value => secrets.scrub(value),
    })
}
