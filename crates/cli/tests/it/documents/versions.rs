//! Versions of objects: shown as `ETag`, wanted as `If-Match`, and known by `If-None-Match`.

use super::client::Server;
use rstest::rstest;

const ME: (&str, &str) = ("authorization", "Token me");

fn page(server: &Server) -> (String, String) {
    let made = server.send("POST /pages", &[ME], r#"{"title":"A","text":"a"}"#);
    (format!("/pages/{}", made.body["id"]), made.header("etag").to_owned())
}

#[rstest]
#[case::another_one("\"no-such-version\"", 412)]
#[case::any("*", 200)]
#[case::none("", 412)]
fn a_change_names_the_version_that_it_is_about(#[case] version: &str, #[case] status: u16) {
    let server = Server::of("versions");
    let (place, _) = page(&server);
    let sent = r#"{"title":"B","text":"b"}"#;
    let answer = server.send(&format!("PUT {place}"), &[ME, ("if-match", version)], sent);
    assert_eq!(answer.status, status, "{answer:?}");
    let title = if status == 200 { "B" } else { "A" };
    assert_eq!(server.send(&format!("GET {place}"), &[ME], "").must(200)["title"], title);
}

#[test]
fn each_change_makes_another_version() {
    let server = Server::of("versions");
    let (place, first) = page(&server);
    let shown = server.send(&format!("GET {place}"), &[ME], "");
    assert_eq!(shown.header("etag"), first);
    let sent = r#"{"title":"B","text":"b"}"#;
    let changed = server.send(&format!("PUT {place}"), &[ME, ("if-match", &first)], sent);
    let second = changed.header("etag").to_owned();
    changed.must(200);
    assert_ne!(first, second);
    assert_eq!(server.send(&format!("PUT {place}"), &[ME, ("if-match", &first)], sent).status, 412);
    assert_eq!(server.send(&format!("DELETE {place}"), &[ME, ("if-match", &first)], "").status, 412);
    assert_eq!(
        server.send(&format!("DELETE {place}"), &[ME, ("if-match", &format!("\"x\", {second}"))], "").status,
        204
    );
}

#[test]
fn who_has_a_version_is_not_sent_it_again() {
    let server = Server::of("versions");
    let (place, version) = page(&server);
    let answer = server.send(&format!("GET {place}"), &[ME, ("if-none-match", &version)], "");
    assert_eq!((answer.status, answer.bytes.len(), answer.header("etag")), (304, 0, version.as_str()));
    assert_eq!(server.send(&format!("GET {place}"), &[ME, ("if-none-match", "\"another\"")], "").status, 200);
}
