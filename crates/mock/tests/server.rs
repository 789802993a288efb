//! The server's bounds, on a real socket with short patience.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use conformance_contract::{Folder, Suite};
use conformance_mock::{Limits, Mock, Settings, server};
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Starts a server with these limits; it stops when the sender drops.
async fn start(limits: Limits) -> (SocketAddr, oneshot::Sender<()>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let contract = Suite::open(Arc::new(Folder(root))).unwrap().contract;
    let mock = Mock::new(contract, Settings { limits, ..Settings::default() }, None).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(server::serve([listener], Arc::new(mock), async move { drop(stopped.await) }));
    (address, stop)
}

/// Sends text, and reads all that comes until the server closes.
async fn talk(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    until_closed(&mut stream).await
}

async fn until_closed(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    String::from_utf8_lossy(&said).into_owned()
}

fn create(token: &str) -> String {
    let body = r#"{"displayName":"x"}"#;
    let head = "POST /v2/conversations HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json";
    format!("{head}\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn short() -> Limits {
    Limits { patience: Duration::from_millis(300), ..Limits::default() }
}

#[rstest]
#[case::nothing("")]
#[case::half_a_preface("PRI * HT")]
#[case::half_a_head("GET /v2/conversations HTTP/1.1\r\nhost:")]
#[case::idle_after_a_request("GET /v2/conversations HTTP/1.1\r\nhost: x\r\n\r\n")]
#[tokio::test]
async fn a_connection_that_stays_silent_is_closed(#[case] sent: &str) {
    let (address, _stop) = start(short()).await;
    assert!(timeout(Duration::from_secs(20), talk(address, sent)).await.is_ok(), "still open");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_refused() {
    let (address, _stop) = start(short()).await;
    let cut = create("t").replace("connection: close\r\n", "");
    let said = talk(address, &cut[..cut.len() - 3]).await;
    assert!(said.starts_with("HTTP/1.1 4") && said.contains("did not arrive in time"), "{said}");
}

#[tokio::test]
async fn connections_beyond_the_limit_take_the_place_of_the_one_that_is_idle_for_longest() {
    let (address, _stop) = start(Limits { connections: 2, ..Limits::default() }).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    let _second = TcpStream::connect(address).await.unwrap();
    let mut third = TcpStream::connect(address).await.unwrap();
    third.write_all(create("t").as_bytes()).await.unwrap();
    assert!(until_closed(&mut third).await.starts_with("HTTP/1.1 201"));
    assert_eq!(until_closed(&mut first).await, "", "it is closed");
}

#[tokio::test]
async fn a_connection_that_waits_for_a_place_is_not_lost() {
    let (address, _stop) = start(Limits { connections: 1, ..short() }).await;
    // It holds the only place until its body is overdue, and the server looks around many times until then.
    let mut slow = TcpStream::connect(address).await.unwrap();
    let head = create("t").replace("connection: close", "expect: 100-continue");
    slow.write_all(&head.as_bytes()[..head.len() - 3]).await.unwrap();
    let mut begun = [0; 12];
    slow.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 100", "its request has begun");
    let waiting = talk(address, &create("t")).await;
    assert!(waiting.starts_with("HTTP/1.1 201"), "{waiting:?}");
}

#[tokio::test]
async fn workspaces_and_objects_are_bounded() {
    let (address, _stop) = start(Limits { workspaces: 2, objects: 3, ..Limits::default() }).await;
    // The third workspace takes the place of the first, which begins anew when it is asked for again.
    for (token, expected) in [("a", 201), ("a", 201), ("a", 201), ("a", 507), ("b", 201), ("c", 201), ("a", 201)] {
        let said = talk(address, &create(token)).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {expected}")), "{said}");
    }
}
