//! The guide's curl commands, with the mock's host and a key.

use std::process::Command;

use rstest::rstest;

use crate::context::MockServer;

const ID: &str = "conv_01jj1hdhn79xas7a01wb3hysdb";

/// Runs a curl command line through a shell, as a reader of the guide does; answers status and body.
fn curl(server: &MockServer, arguments: &str) -> (u16, String) {
    let line = format!("curl --silent --show-error --write-out '\\n%{{http_code}}' {arguments}");
    let output =
        Command::new("sh").args(["-c", &line]).env("URL", &server.url).env("ORQ_API_KEY", "key").output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let (body, status) = said.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

const AUTH: &str = r#"-H "Authorization: Bearer $ORQ_API_KEY""#;
const JSON: &str = r#"-H "Content-Type: application/json""#;

#[rstest]
#[case::create(format!(r#"-X POST $URL/v2/conversations {AUTH} {JSON} -d '{{"displayName": "Support Chat #1234"}}'"#), 201, 201)]
#[case::list(format!("$URL/v2/conversations?limit=10 {AUTH}"), 200, 200)]
#[case::retrieve(format!("$URL/v2/conversations/{ID} {AUTH}"), 200, 404)]
#[case::update(
    format!(r#"-X PATCH $URL/v2/conversations/{ID} {AUTH} {JSON} -d '{{"displayName": "Resolved: Support Chat #1234"}}'"#),
    200,
    404
)]
#[case::delete(format!("-X DELETE $URL/v2/conversations/{ID} {AUTH}"), 204, 404)]
fn every_command_works_with_the_shipped_fixture_and_gets_the_documented_404_without(
    #[case] command: String,
    #[case] with: u16,
    #[case] without: u16,
) {
    assert_eq!(curl(&MockServer::start(&["--fixtures", "guide"]), &command).0, with);
    let (status, body) = curl(&MockServer::start(&[]), &command);
    assert_eq!(status, without);
    if without == 404 {
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert!(body["message"].as_str().unwrap().contains(ID));
    }
}

#[test]
fn the_fixture_has_messages_and_metadata_and_lists_have_neither() {
    let server = MockServer::start(&["--fixtures", "guide"]);
    let (_, retrieved) = server.send("t", "GET", &format!("/v2/conversations/{ID}"), None);
    assert_eq!(retrieved["messages"].as_array().unwrap().len(), 2);
    assert_eq!(retrieved["metadata"]["model"], "openai/gpt-4o");
    let (_, list) = server.send("t", "GET", "/v2/conversations", None);
    assert_eq!(list["data"][0]["_id"], ID);
    assert!(list["data"][0].get("messages").is_none() && list["data"][0].get("metadata").is_none());
}

#[test]
fn http_2_by_prior_knowledge() {
    let server = MockServer::start(&[]);
    let list = format!("--http2-prior-knowledge $URL/v2/conversations {AUTH}");
    let (status, body) = curl(&server, &format!("--include {list}"));
    assert_eq!(status, 200);
    assert!(body.starts_with("HTTP/2 200"), "{body}");
}
