//! What is told of checks and exchanges: all of it, without secrets.

use conformance_record::secrets::is_telling;
use conformance_record::{CheckOutcome, Exchange, Request, Response, Secrets, Verdict};

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
    let bytes = |body: &[u8]| match std::str::from_utf8(body) {
        Ok(text) => secrets.scrub(text).into_bytes(),
        Err(_) => secrets.scrub(&String::from_utf8_lossy(body)).into_bytes(),
    };
    let headers = |headers: &[(String, String)]| {
        let clean = |(name, value): &(String, String)| {
            let value = match name.as_str() {
                "authorization" if *value == own => "Bearer <token>".to_owned(),
                "authorization" if Some(value) == second.as_ref() => "Bearer <second token>".to_owned(),
                name if name != "authorization" && is_telling(name) => "<removed>".to_owned(),
                _ => secrets.scrub(value),
            };
            (name.clone(), value)
        };
        headers.iter().map(clean).collect()
    };
    let request = &exchange.request;
    let response = exchange.response.as_ref().map(|response| Response {
        status: response.status,
        headers: headers(&response.headers),
        body: bytes(&response.body),
    });
    Exchange {
        number: exchange.number,
        request: Request {
            method: request.method.clone(),
            target: secrets.scrub(&request.target),
            headers: headers(&request.headers),
            body: bytes(&request.body),
        },
        response: response.map_err(|reason| secrets.scrub(reason)),
        took: exchange.took,
    }
}
