//! Why a request got no usable response, read from the errors of the libraries below.

use std::error::Error;
use std::io;

use conformance_record::NoResponse;
use hyper_util::client::legacy::Error as PoolError;

/// The reason behind an error of the connection pool.
pub(crate) fn of_request(error: &PoolError, proxied: bool) -> NoResponse {
    if let Some(tls) = find::<rustls::Error>(error) {
        return NoResponse::Tls(tls_reason(tls));
    }
    let innermost = innermost(error);
    if error.is_connect() {
        return if proxied && find::<io::Error>(error).is_none() {
            NoResponse::ProxyRefused(innermost)
        } else {
            NoResponse::NotConnected(innermost)
        };
    }
    if let Some(h2) = find::<h2::Error>(error)
        && h2.is_remote()
        && matches!(h2.reason(), Some(h2::Reason::REFUSED_STREAM | h2::Reason::NO_ERROR))
        && (h2.is_reset() || h2.is_go_away())
    {
        // Streams beyond the last one that a GOAWAY names were not processed (RFC 9113, 6.8); nor were refused ones (8.7).
        return NoResponse::NotProcessed(innermost);
    }
    match find::<hyper::Error>(error) {
        Some(hyper) if hyper.is_canceled() => NoResponse::NotProcessed(innermost),
        Some(hyper) if hyper.is_parse() => NoResponse::NotHttp(format!("{hyper}; is it an https:// URL?")),
        _ => NoResponse::ConnectionClosed(innermost),
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
