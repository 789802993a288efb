//! Who may use the control API: this machine, or whoever knows the token; never a page of somebody else's.

use std::net::{IpAddr, SocketAddr};

use conformance_record::Request;

use super::Refused;
use crate::cors;

/// Header fields by which a proxy tells that somebody else asks.
const PROXIES: [&str; 3] = ["forwarded", "via", "x-forwarded-for"];
/// The header field with the control token.
const TOKEN: &str = "conformance-control";

/// Lets a request in, or says why not.
///
/// A browser tells the page that asks in `Origin`. A page whose name was made to lead here (DNS rebinding) is known by
/// `Host`.
pub(super) fn admit(token: Option<&str>, peer: IpAddr, host: Option<&str>, request: &Request) -> Result<(), Refused> {
    let refused = |message: &str| Err((403, message.to_owned()));
    if request.header("origin").is_some_and(|origin| !cors::is_loopback(origin)) {
        return refused("the control API is not for pages from elsewhere: `Origin` must be of this machine");
    }
    // A preflight has no credentials, and learns nothing but what this machine's pages may send.
    if request.method == "OPTIONS" {
        return Ok(());
    }
    match token {
        Some(token) if !same(token, request.header(TOKEN).unwrap_or("")) => {
            Err((401, "the control API wants its token: `Conformance-Control: TOKEN`".to_owned()))
        }
        Some(_) => Ok(()),
        None if !peer.to_canonical().is_loopback() => refused(
            "the control API is for this machine only; start the server with --control-token to use it from elsewhere",
        ),
        None if PROXIES.iter().any(|name| request.header(name).is_some()) => refused(
            "the control API is for this machine only, and a proxy asks; start the server with --control-token to use it \
             through one",
        ),
        // No name can be made to lead to the address that stands for all of a machine's own.
        None if !host.is_some_and(|host| cors::is_loopback_host(host) || is_unspecified(host)) => refused(
            "the control API answers to names of this machine only: `Host` must be localhost or a loopback address",
        ),
        None => Ok(()),
    }
}

/// Whether a host is `0.0.0.0` or `[::]`, as a server that listens everywhere tells its own.
fn is_unspecified(host: &str) -> bool {
    let parsed = host.parse::<SocketAddr>().map(|address| address.ip());
    parsed.or_else(|_| host.trim_matches(['[', ']']).parse()).is_ok_and(|address| address.is_unspecified())
}

/// Compares in a time that does not tell how much was right.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}
