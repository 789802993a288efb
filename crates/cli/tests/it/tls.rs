//! The mock over TLS: who trusts the file that it names gets in, by every name of this machine and both protocols.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rstest::rstest;
use tempfile::TempDir;

use crate::context::{MockServer, conformance, root, run, stderr, stdout};

/// A mock over TLS, and the authority that it tells clients to trust.
fn start(args: &[&str]) -> (MockServer, PathBuf) {
    let server = MockServer::start(&[&["--tls"], args].concat());
    assert!(server.url.starts_with("https://127.0.0.1:"), "{}", server.url);
    let said = server.wait_for("is vouched for by");
    let authority = said.lines().find_map(|line| line.split_once("vouched for by ")).unwrap().1.trim().into();
    (server, authority)
}

fn curl(authority: &Path, args: &[&str]) -> Output {
    let mut command = Command::new("curl");
    command.arg("-sS").arg("--cacert").arg(authority).args(["-H", "Authorization: Bearer me"]).args(args);
    command.output().unwrap()
}

#[rstest]
#[case::http2("--http2", "127.0.0.1", "2 200")]
#[case::http1("--http1.1", "127.0.0.1", "1.1 200")]
#[case::by_name("--http2", "localhost", "2 200")]
#[case::ipv6("--http2", "[::1]", "2 200")]
fn clients_that_trust_its_authority_get_in(#[case] version: &str, #[case] host: &str, #[case] expected: &str) {
    let (server, authority) = start(&[]);
    let url = format!("{}/v2/conversations", server.url.replace("127.0.0.1", host));
    let output = curl(&authority, &[version, "-o", "/dev/null", "-w", "%{http_version} %{http_code}", &url]);
    assert_eq!(stdout(&output), expected, "{}", stderr(&output));
    let control = format!("{}/__conformance/workspaces", server.url);
    let output = curl(&authority, &["-o", "/dev/null", "-w", "%{http_code}", &control]);
    assert_eq!(stdout(&output), "200", "{}", stderr(&output));
}

#[test]
fn a_run_verifies_it_and_does_not_trust_it_unasked() {
    let (server, authority) = start(&["--quiet"]);
    let given = ["run", "--base-url", &server.url, "--token", "me", "--only", "lifecycle"];
    let output = run(&[&given[..], &["--cacert", authority.to_str().unwrap(), "--snapshots", "target/tls"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let output = run(&given);
    assert_eq!(output.status.code(), Some(3), "{}{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains("certificate"), "{}", stderr(&output));
}

#[test]
fn the_authority_stays_the_same_and_its_own_key_is_kept_nowhere() {
    let (_server, authority) = start(&["--quiet"]);
    let before = std::fs::read_to_string(&authority).unwrap();
    let (_again, after) = start(&["--quiet"]);
    assert_eq!((&authority, before), (&after, std::fs::read_to_string(&after).unwrap()));
    let folder = authority.parent().unwrap();
    let mut files: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|one| one.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, ["authority.pem", "certificate.pem", "key.pem"]);
    // The one key that is kept is the mock's, which vouches for nothing.
    let key = rcgen::KeyPair::from_pem(&std::fs::read_to_string(folder.join("key.pem")).unwrap()).unwrap();
    let certificate = std::fs::read(folder.join("certificate.pem")).unwrap();
    conformance_mock::Tls::from_pem(&certificate, key.serialize_pem().as_bytes()).unwrap();
    conformance_mock::Tls::from_pem(&std::fs::read(&authority).unwrap(), key.serialize_pem().as_bytes()).unwrap_err();
}

#[test]
fn who_speaks_plain_http_is_told() {
    let (server, authority) = start(&["--quiet"]);
    let output = curl(&authority, &["-w", "%{http_code}", &server.url.replace("https", "http")]);
    assert_eq!(stdout(&output), "This port speaks TLS: use https:// in the URL.\n400", "{}", stderr(&output));
}

#[test]
fn its_own_addresses_are_https() {
    let document = root().join("fixtures/documents/link-header.yaml");
    let (server, authority) = start(&["--quiet", "--populate", "50", "--openapi", document.to_str().unwrap()]);
    let output = curl(&authority, &["-D", "-", &format!("{}/issues", server.url)]);
    let next = format!("link: <{}/issues?", server.url);
    assert!(stdout(&output).contains(&next), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn a_certificate_can_be_given() {
    let folder = TempDir::new().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let flags = ["--quiet", "--tls-cert", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let server = MockServer::start(&flags);
    let url = format!("{}/v2/conversations", server.url);
    let output = curl(&certificate, &["-o", "/dev/null", "-w", "%{http_code}", &url]);
    assert_eq!(stdout(&output), "200", "{}", stderr(&output));
}

#[rstest]
#[case::no_certificate("no certificate here", true, "there is no certificate in it")]
#[case::broken("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", true, "c.pem: ")]
#[case::absent("", false, "cannot read")]
fn a_certificate_that_cannot_be_used_is_named(#[case] text: &str, #[case] is_there: bool, #[case] expected: &str) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("c.pem");
    if is_there {
        std::fs::write(&path, text).unwrap();
    }
    let key = folder.path().join("k.pem");
    std::fs::write(&key, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let output =
        conformance().args(["mock", "--port", "0", "--tls-cert"]).arg(&path).arg("--tls-key").arg(&key).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
}
