//! The page that shows what the mock does, and what is open to everybody: files of the page, and whether the mock is up.

use bytes::Bytes;

use crate::reply::{Reply, plain};

/// What may load, and where from: nothing but the page's own files.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The files of the page: name, media type and content.
const FILES: [(&str, &str, &str); 9] = [
    ("", "text/html; charset=utf-8", include_str!("inspector/page.html")),
    ("inspector.css", "text/css; charset=utf-8", include_str!("inspector/inspector.css")),
    ("inspector.js", SCRIPT, include_str!("inspector/inspector.js")),
    ("control.js", SCRIPT, include_str!("inspector/control.js")),
    ("copy.js", SCRIPT, include_str!("inspector/copy.js")),
    ("requests.js", SCRIPT, include_str!("inspector/requests.js")),
    ("state.js", SCRIPT, include_str!("inspector/state.js")),
    ("faults.js", SCRIPT, include_str!("inspector/faults.js")),
    ("contract.js", SCRIPT, include_str!("inspector/contract.js")),
];

/// Preact and htm, as they are published: of Jason Miller and others, under the licences MIT and Apache-2.0.
const PREACT: &str = include_str!("inspector/preact.js");

/// A response that tells nothing of what is kept.
pub(super) fn page(path: &str) -> Option<Reply> {
    let (kind, text) = match FILES.iter().find(|(name, ..)| *name == path) {
        Some((_, kind, text)) => (*kind, *text),
        None if path == "preact.js" => (SCRIPT, PREACT),
        None if path == "health" => ("application/json", "{\"status\":\"up\"}"),
        None => return None,
    };
    let mut reply = plain(200, Bytes::from_static(text.as_bytes()));
    reply.headers = vec![
        ("content-type".into(), kind.into()),
        ("cache-control".into(), "no-store".into()),
        ("content-security-policy".into(), POLICY.into()),
        ("x-content-type-options".into(), "nosniff".into()),
    ];
    Some(reply)
}
