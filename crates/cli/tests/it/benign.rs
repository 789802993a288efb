//! A correct server passes, however unusual it is.

use rstest::rstest;
use serde_json::json;

use crate::bed::{Body, Cursor, Errors, Quirks, bed};
use crate::context::{conformance, stdout};

#[rstest]
#[case::plain(Quirks::default())]
#[case::unprocessable(Quirks { refused: 422, ..Quirks::default() })]
#[case::conflict(Quirks { refused: 409, unauthorized: 403, ..Quirks::default() })]
#[case::nested_errors(Quirks { errors: Errors::Nested, ..Quirks::default() })]
#[case::problem_errors(Quirks { errors: Errors::Problem, ..Quirks::default() })]
#[case::text_errors(Quirks { errors: Errors::Text, ..Quirks::default() })]
#[case::html_errors(Quirks { errors: Errors::Html, ..Quirks::default() })]
#[case::empty_errors(Quirks { errors: Errors::Empty, ..Quirks::default() })]
#[case::more_members(Quirks { more: json!({ "archived": false, "tags": [], "owner": { "id": 1 }, "title": null }), ..Quirks::default() })]
#[case::optional_members(Quirks { optional: true, ..Quirks::default() })]
#[case::more_headers(Quirks { headers: vec![("x-request-id", "1"), ("etag", "\"a\""), ("set-cookie", "a=b"), ("x-ratelimit-remaining", "99")], ..Quirks::default() })]
#[case::pretty(Quirks { body: Body::Pretty, ..Quirks::default() })]
#[case::escaped(Quirks { body: Body::Escaped, ..Quirks::default() })]
#[case::reordered(Quirks { body: Body::Reordered, ..Quirks::default() })]
#[case::gzip(Quirks { body: Body::Gzip, ..Quirks::default() })]
#[case::chunked(Quirks { chunked: true, ..Quirks::default() })]
#[case::charset(Quirks { media: "application/json; charset=utf-8", ..Quirks::default() })]
#[case::loud_media_type(Quirks { media: "Application/JSON;charset=\"UTF-8\"", ..Quirks::default() })]
#[case::closes(Quirks { close: true, ..Quirks::default() })]
#[case::slow(Quirks { delay: (0, 25), ..Quirks::default() })]
#[case::clock_fast(Quirks { skew: 7 * 60_000, ..Quirks::default() })]
#[case::clock_slow(Quirks { skew: -7 * 60_000, ..Quirks::default() })]
#[case::fractions(Quirks { fractions: true, ..Quirks::default() })]
#[case::rate_limited(Quirks { limit_every: Some(9), ..Quirks::default() })]
#[case::sometimes_down(Quirks { limit_every: Some(11), limited: (503, "0"), ..Quirks::default() })]
#[case::many_foreign(Quirks { foreign: 2500, ..Quirks::default() })]
#[case::busy(Quirks { busy: true, foreign: 30, ..Quirks::default() })]
#[case::clamps(Quirks { clamp: true, ..Quirks::default() })]
#[case::unknown_cursor_begins_anew(Quirks { unknown_cursor: Cursor::First, ..Quirks::default() })]
#[case::unknown_cursor_refused(Quirks { unknown_cursor: Cursor::Refused(400), ..Quirks::default() })]
#[case::unknown_cursor_not_found(Quirks { unknown_cursor: Cursor::Refused(404), remembers: false, ..Quirks::default() })]
#[case::deleted_cursor_empty(Quirks { remembers: false, ..Quirks::default() })]
#[case::deleted_cursor_begins_anew(Quirks { remembers: false, unknown_cursor: Cursor::First, ..Quirks::default() })]
#[case::upper_case_ids(Quirks { upper: true, ..Quirks::default() })]
#[case::media_type_checked(Quirks { media_checked: Some(415), ..Quirks::default() })]
#[case::strict_bodies(Quirks { strict: true, ..Quirks::default() })]
#[case::lazy_update(Quirks { lazy_update: true, ..Quirks::default() })]
fn a_correct_server_passes(#[case] quirks: Quirks) {
    // Reading a bad limit as the nearest good one is tolerated, and a SHOULD says to refuse it.
    let warned = quirks.clamp;
    let server = bed(quirks);
    let mut command = conformance();
    command.args(["run", "--base-url", &server.url, "--token", "first-token", "--second-token", "second-token"]);
    if !warned {
        command.arg("--deny-warnings");
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let count = |method: &str, status: u16| {
        server.seen().iter().filter(|seen| seen.request.method == method && seen.status == status).count()
    };
    assert_eq!(count("POST", 201), count("DELETE", 204), "{}", stdout(&output));
}
