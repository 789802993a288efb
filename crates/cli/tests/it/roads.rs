//! The ways to a server: over TLS, through a proxy, below a path, by HTTP/2.

use std::process::Command;
use std::sync::{Arc, Mutex};

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rstest::rstest;
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::bed::{Quirks, answerer, bed};
use crate::context::{MockServer, conformance, stderr, stdout};
use crate::server::{Req, Res, Server, answer};

/// Passes on what comes to it, as HTTP proxies do.
pub fn proxy() -> Server {
    Server::start(|request| {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).allow_non_standard_methods(true).build().into();
        let mut onward = ureq::http::Request::builder().method(request.method.as_str()).uri(&request.target);
        for (name, value) in request.headers.iter().filter(|(name, _)| name != "host" && name != "content-length") {
            onward = onward.header(name, value);
        }
        let response = if request.body.is_empty() && request.method != "POST" && request.method != "PATCH" {
            agent.run(onward.body(()).unwrap())
        } else {
            agent.run(onward.body(&request.body[..]).unwrap())
        };
        let Ok(mut response) = response else { return Res::text(502, "text/plain", "no answer") };
        let headers =
            response.headers().iter().filter(|(name, _)| *name != "content-length" && *name != "transfer-encoding");
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let status = response.status().as_u16();
        Res { status, headers, body: response.body_mut().read_to_vec().unwrap(), ..Res::default() }
    })
}

fn through(variable: &str, proxy: &str, url: &str) -> Command {
    let mut command = conformance();
    command.env(variable, proxy).args(["run", "--base-url", url, "--only", "lifecycle"]);
    command
}

#[rstest]
#[case::http_proxy("http_proxy")]
#[case::all_proxy("ALL_PROXY")]
fn the_proxy_of_the_environment_is_used(#[case] variable: &str) {
    let (server, proxy) = (bed(Quirks::default()), proxy());
    let output = through(variable, &proxy.url, &server.url).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let seen = proxy.seen();
    assert!(seen.len() > 20 && seen.iter().all(|seen| seen.request.target.starts_with(&server.url)));
    let direct = through(variable, &proxy.url, &server.url).env("NO_PROXY", "127.0.0.1").output().unwrap();
    assert_eq!(direct.status.code(), Some(0), "{}", stdout(&direct));
    assert_eq!(proxy.seen().len(), seen.len(), "NO_PROXY goes straight");
}

#[test]
fn a_proxy_gets_its_password_and_nothing_shows_it() {
    let (server, proxy) = (bed(Quirks::default()), proxy());
    let with = proxy.url.replace("http://", "http://me:canary-password@");
    let output = through("http_proxy", &with, &server.url).arg("--verbose").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let keys: Vec<Option<String>> =
        proxy.seen().iter().map(|seen| seen.request.header("proxy-authorization").map(str::to_owned)).collect();
    assert!(keys.iter().all(|key| key.as_deref() == Some("Basic bWU6Y2FuYXJ5LXBhc3N3b3Jk")), "{keys:?}");
    assert!(!(stdout(&output) + &stderr(&output)).contains("canary-password"));
}

#[test]
fn a_proxy_of_another_kind_is_refused_with_advice() {
    let output = through("http_proxy", "socks5://127.0.0.1:1", "http://127.0.0.1:2").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("only http proxies are supported"), "{}", stderr(&output));
}

/// A server over TLS, and the file with the certificate that vouches for it.
fn tls(folder: &TempDir) -> (String, String, tokio::runtime::Runtime) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let file = folder.path().join("root.pem");
    std::fs::write(&file, made.cert.pem()).unwrap();
    let mut config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    runtime.spawn(async move {
        let handler = Arc::new(answerer(Quirks::default()));
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, handler) = (acceptor.clone(), handler.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = service_fn(move |request| answer(handler.clone(), Arc::new(Mutex::default()), request));
                let builder = hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    (format!("https://localhost:{port}"), file.display().to_string(), runtime)
}

#[test]
fn a_server_over_tls_is_judged_when_its_certificate_is_trusted() {
    let folder = TempDir::new().unwrap();
    let (url, root, _runtime) = tls(&folder);
    let run = |trusted: bool| {
        let mut command = conformance();
        if trusted {
            command.env("SSL_CERT_FILE", &root);
        }
        command.args(["run", "--base-url", &url, "--only", "lifecycle"]).output().unwrap()
    };
    let output = run(true);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let untrusted = run(false);
    assert_eq!(untrusted.status.code(), Some(3), "{}", stdout(&untrusted));
    assert!(stderr(&untrusted).contains("invalid peer certificate"), "{}", stderr(&untrusted));
}

#[test]
fn http_2_is_spoken_when_asked_for() {
    let server = MockServer::start(&["--quiet"]);
    let output =
        conformance().args(["run", "--base-url", &server.url, "--http2", "--only", "lifecycle"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
}

#[test]
fn a_base_url_may_have_a_path() {
    let inner = answerer(Quirks::default());
    let server = Server::start(move |request| match request.target.strip_prefix("/gateway/orq") {
        Some(rest) => inner(&Req { target: rest.to_owned(), ..request.clone() }),
        None => Res::text(404, "text/plain", "not here"),
    });
    let url = format!("{}/gateway/orq/", server.url);
    let output = conformance().args(["run", "--base-url", &url, "--only", "lifecycle"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(server.seen().iter().all(|seen| seen.request.target.starts_with("/gateway/orq/v2/conversations")));
}

#[test]
fn a_certificate_is_trusted_by_name_of_its_file_or_not_looked_at_and_else_told_why() {
    let folder = TempDir::new().unwrap();
    let (url, root, _runtime) = tls(&folder);
    let run = |more: &[&str]| {
        let mut command = conformance();
        command.args(["run", "--base-url", &url, "--only", "lifecycle"]).args(more).output().unwrap()
    };
    for trusted in [&["--cacert", root.as_str()][..], &["--insecure"]] {
        let output = run(trusted);
        assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    }
    let untrusted = stderr(&run(&[]));
    assert!(untrusted.contains("not signed by an authority that this machine trusts: --cacert FILE"), "{untrusted}");
    std::fs::write(folder.path().join("none.pem"), "no certificate").unwrap();
    let none = run(&["--cacert", folder.path().join("none.pem").to_str().unwrap()]);
    assert_eq!((none.status.code(), stderr(&none).contains("it holds no certificate in PEM")), (Some(2), true));
}

/// What is wrong is named, whichever of the two is which.
#[test]
fn http_and_https_taken_for_each_other_are_told() {
    let folder = TempDir::new().unwrap();
    let (encrypted, _, _runtime) = tls(&folder);
    let plain = bed(Quirks::default());
    let said = |url: &str| {
        let output = conformance().args(["run", "--base-url", url]).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
        stderr(&output)
    };
    let https = said(&plain.url.replace("http://", "https://"));
    assert!(https.contains("does not speak TLS: is it an http:// URL?"), "{https}");
    let http = said(&encrypted.replace("https://", "http://"));
    assert!(http.contains("is it an https:// URL?"), "{http}");
}

#[rstest]
#[case::of_plain_requests("http_proxy", "http://127.0.0.1:1")]
#[case::of_tunnels("https_proxy", "https://localhost:1")]
fn a_proxy_that_refuses_is_named(#[case] variable: &str, #[case] url: &str) {
    let proxy = Server::start(|_| Res::text(407, "text/plain", "who are you?"));
    let output = through(variable, &proxy.url, url).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
    let said = stderr(&output);
    assert!(said.contains("the proxy refused") && said.contains("NO_PROXY"), "{said}");
}
