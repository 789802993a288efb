//! What is asked of the control API in a query. A parameter that it does not know is refused: it would be ignored otherwise.

use std::str::FromStr;
use std::time::Duration;

use super::Refused;
use super::journal::Wanted;

/// Nobody waits for longer.
const LONGEST_WAIT: u64 = 30;

/// What is asked of the journal.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub wanted: Wanted,
    /// How long a response may be kept back until there is something to tell.
    pub wait: Duration,
}

/// Reads a query about the journal.
///
/// # Errors
/// A parameter that is unknown, or whose value is none.
pub(super) fn journal(query: &str) -> Result<Asked, Refused> {
    let mut asked = Asked::default();
    for (name, value) in conformance_api::query::parse(query) {
        let wanted = &mut asked.wanted;
        match name.as_str() {
            "from" => wanted.from = number(&name, &value, "`next` of the response before tells it")?,
            "after" => wanted.after = Some(number(&name, &value, "`revision` of a response before tells it")?),
            "method" => wanted.method = Some(value),
            "path" => wanted.path = Some(value),
            "status" => wanted.status = Some(number(&name, &value, "such as 404")?),
            "wait" => {
                let seconds: u64 = number(&name, &value, "seconds, 30 at most")?;
                asked.wait = Duration::from_secs(seconds.min(LONGEST_WAIT));
            }
            _ => {
                let known = "from, after, method, path, status and wait";
                return Err((400, format!("query.{name}: the journal has no such parameter; it has {known}")));
            }
        }
    }
    Ok(asked)
}

fn number<N: FromStr>(name: &str, value: &str, help: &str) -> Result<N, Refused> {
    value.parse().map_err(|_| (400, format!("query.{name}: is no whole number; {help}")))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_query_is_read() {
        let asked = journal("after=7&wait=90&method=POST&path=%2Fpets&status=404").unwrap();
        let wanted = Wanted {
            after: Some(7),
            method: Some("POST".to_owned()),
            path: Some("/pets".to_owned()),
            status: Some(404),
            ..Wanted::default()
        };
        assert_eq!(asked, Asked { wanted, wait: Duration::from_secs(30) });
        assert_eq!(journal(""), Ok(Asked::default()));
    }

    #[rstest]
    #[case("from=x", "query.from: is no whole number")]
    #[case("status=404&stauts=1", "query.stauts: the journal has no such parameter")]
    fn a_query_that_is_wrong_is_refused(#[case] query: &str, #[case] expected: &str) {
        let (status, message) = journal(query).unwrap_err();
        assert!(status == 400 && message.starts_with(expected), "{message}");
    }
}
