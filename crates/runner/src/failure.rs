//! Why a request got no usable response, read from the errors of the libraries below.

use std::error::Error;
use std::io;

use conformance_record::NoResponse;

/// Why no connection was made.
pub(crate) fn of_connecting(error: &(dyn Error + 'static), proxied: bool) -> NoResponse {
    if let Some(tls) = find::<rustls::Error>(error) {
        return NoResponse::Tls(tls_reason(tls));
    }
    if proxied && find::<io::Error>(error).is_none() {
        NoResponse::ProxyRefused(innermost(error))
    } else {
        NoResponse::NotConnected(innermost(error))
    }
}

/// Why a request over HTTP/1.1 got no response.
pub(crate) fn of_http1(error: &hyper::Error, was_sent: bool) -> NoResponse {
    if let Some(tls) = find::<rustls::Error>(error) {
        return NoResponse::Tls(tls_reason(tls));
    }
    let innermost = innermost(error);
    if error.is_parse() {
        NoResponse::NotHttp(format!("{error}; is it an https:// URL?"))
    } else if error.is_user() {
        NoResponse::NotSent(innermost)
    } else if !was_sent || error.is_canceled() {
        NoResponse::NotProcessed(innermost)
    } else {
        NoResponse::ConnectionClosed(innermost)
    }
}

/// Why a request over HTTP/2, which the server may have processed, got no response.
pub(crate) fn of_http2(error: &h2::Error) -> NoResponse {
    match find::<rustls::Error>(error) {
        Some(tls) => NoResponse::Tls(tls_reason(tls)),
        None => NoResponse::ConnectionClosed(innermost(error)),
    }
}

/// What was not agreed on, and what helps.
fn tls_reason(error: &rustls::Error) -> String {
    use rustls::{CertificateError, Error as Tls};
    let help = match error {
        Tls::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "; it is not signed by an authority that this machine trusts: --cacert FILE adds one, --insecure checks nothing"
        }
        Tls::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "; it is made out to another host than the base URL's",
        Tls::InvalidMessage(_) => "; what answers does not speak TLS: is it an http:// URL?",
        _ => "",
    };
    match error {
        Tls::InvalidCertificate(_) => format!("the server's certificate is not accepted: {error}{help}"),
        _ => format!("TLS failed: {error}{help}"),
    }
}

/// The innermost cause: "Connection refused" rather than "client error".
pub(crate) fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map_or_else(String::new, ToString::to_string)
}

/// The first cause of this type. An `io::Error` may hold another error without naming it as its source.
fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    causes(error).find_map(|cause| cause.downcast_ref::<E>())
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause: &&'e (dyn Error + 'static)| {
        let held = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        held.map(|held| held as &(dyn Error + 'static)).or_else(|| cause.source())
    })
}
