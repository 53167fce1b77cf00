//! What the client does with servers that hang, flood, lie or send it elsewhere.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use occtop::clock::{Clock, Hand};
use occtop::model::attempt::{ErrorKind, SourceError};
use occtop::model::budget::Budget;
use occtop::vendors::transport::{Allowed, BODY_CAP, Reply, Request, Transport};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::loopback::{Answer, Server, at, common, raw};

const NOW: &str = "2026-03-02T08:00:00Z";

fn open_with(url: Url, timeout: Duration, per_hour: u32) -> (Transport, Hand) {
    let (clock, hand) = Clock::manual(at(NOW));
    let mut common = common(url);
    common.timeout = timeout;
    let allowed = vec![
        Allowed::get("/a/"),
        Allowed::post("/login"),
        Allowed::get("/one/*"),
    ];
    let budget = Arc::new(Mutex::new(Budget::new(per_hour)));
    let transport = Transport::open(&common, allowed, budget, clock).unwrap();
    (transport, hand)
}

fn open(url: Url) -> Transport {
    open_with(url, Duration::from_secs(20), 1000).0
}

async fn ask(url: Url) -> Result<Reply, SourceError> {
    open(url).send(Request::get("/a/")).await
}

async fn ask_briefly(url: Url) -> SourceError {
    let (transport, _) = open_with(url, Duration::from_millis(250), 10);
    transport.send(Request::get("/a/")).await.unwrap_err()
}

/// Reads the head of a request, then sends these bytes.
async fn after_request(stream: &mut TcpStream, bytes: &[u8]) {
    let mut head = [0; 4096];
    let _ = stream.read(&mut head).await;
    let _ = stream.write_all(bytes).await;
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

#[tokio::test]
async fn a_request_keeps_the_base_path_and_escapes_its_query() {
    let server = Server::start(|_, _| Answer::ok(&json!({"ok": true}))).await;
    for base in ["/api", "/api/"] {
        let transport = open(server.url.join(base).unwrap());
        let request = Request::get("/a/")
            .query("where[id][>=]", "a b&c")
            .query("t", "08:00");
        let reply = transport.send(request).await.unwrap();
        assert_eq!(reply.json::<Value>().unwrap(), json!({"ok": true}));
        assert_eq!(reply.received, at(NOW));
        let seen = server.take().remove(0);
        assert_eq!((&*seen.method, &*seen.path), ("GET", "/api/a/"));
        assert_eq!(
            seen.raw_query,
            "where%5Bid%5D%5B%3E%3D%5D=a+b%26c&t=08%3A00"
        );
        let agent = format!("occtop/{}", env!("CARGO_PKG_VERSION"));
        assert_eq!(seen.header("user-agent"), agent);
        assert_eq!(seen.header("accept"), "application/json");
        assert_eq!(seen.header("accept-encoding"), "gzip");
    }
}

#[tokio::test]
async fn a_body_goes_out_as_json() {
    let server = Server::start(|_, _| Answer::ok(&json!(1))).await;
    let request = Request::post("/login").json(json!({"password": "pa55word"}));
    let transport = open(server.url.clone());
    transport.send(request).await.unwrap();
    let seen = server.take().remove(0);
    assert_eq!(seen.header("content-type"), "application/json");
    assert_eq!(seen.body, json!({"password": "pa55word"}));
    assert!(!format!("{transport:?}").contains("pa55word"));
    assert_eq!(transport.scrub("wrong: pa55word"), "wrong: ***");
}

#[tokio::test]
async fn what_is_not_allowed_never_leaves() {
    let server = Server::start(|_, _| Answer::ok(&json!(1))).await;
    let transport = open(server.url.clone());
    for request in [
        Request::get("/b/"),
        Request::post("/a/"),
        Request::get("/one/../login"),
        Request::get("/one/%2e%2e"),
        Request::get("/one/a/b"),
        Request::get("//evil.test/a/"),
    ] {
        let error = transport.send(request).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Config);
    }
    assert!(server.seen().is_empty());
    assert!(transport.take_exchanges().is_empty());
    assert_eq!(transport.budget().0, 0);
}

#[tokio::test]
async fn our_own_ceiling_is_kept_and_says_when_it_ends() {
    let server = Server::start(|_, _| Answer::ok(&json!(1))).await;
    let (transport, hand) = open_with(server.url.clone(), Duration::from_secs(5), 2);
    for _ in 0..2 {
        transport.send(Request::get("/a/")).await.unwrap();
    }
    let error = transport.send(Request::get("/a/")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::RateLimited);
    assert_eq!(error.status, None);
    assert!(error.message.contains("our own ceiling of 2 requests"));
    assert_eq!(error.retry_at, Some(at("2026-03-02T09:00:00Z")));
    assert_eq!(server.seen().len(), 2);
    hand.set(at("2026-03-02T09:00:01Z"));
    transport.send(Request::get("/a/")).await.unwrap();
}

#[tokio::test]
async fn each_exchange_is_recorded_without_secrets() {
    let server = Server::start(|_, _| {
        Answer::ok(&json!([1, 2])).with("date", "Mon, 02 Mar 2026 08:00:42 GMT")
    })
    .await;
    let transport = open(server.url.clone());
    let request = Request::get("/a/")
        .query("userToken", "t0p-s3cret")
        .query("page", 2)
        .authorized("Bearer", &"t0p-s3cret-2".into())
        .unwrap();
    transport.send(request).await.unwrap();
    let exchange = transport.take_exchanges().remove(0);
    assert!(
        exchange.url.ends_with("/a/?userToken=***&page=2"),
        "{exchange:?}"
    );
    assert_eq!((exchange.method, exchange.status), ("GET", Some(200)));
    assert_eq!((exchange.bytes, exchange.clock_skew_s), (5, Some(42)));
    assert!(transport.take_exchanges().is_empty());
    let seen = server.take().remove(0);
    assert_eq!(seen.header("authorization"), "Bearer t0p-s3cret-2");
}

#[tokio::test]
async fn a_packed_body_is_unpacked() {
    let packed = gzip(b"[1,2,3]");
    let server = Server::start(move |_, _| {
        let mut answer = Answer::text(200, "application/json", "").with("content-encoding", "gzip");
        answer.body.clone_from(&packed);
        answer
    })
    .await;
    let reply = ask(server.url.clone()).await.unwrap();
    assert_eq!(reply.json::<Vec<u8>>().unwrap(), [1, 2, 3]);
}

#[tokio::test]
async fn a_gzip_bomb_is_cut_at_the_cap() {
    let bomb = gzip(&vec![b' '; BODY_CAP + 1]);
    assert!(bomb.len() < BODY_CAP / 100);
    let server = Server::start(move |_, _| {
        let mut answer = Answer::text(200, "application/json", "").with("content-encoding", "gzip");
        answer.body.clone_from(&bomb);
        answer
    })
    .await;
    let error = ask(server.url.clone()).await.unwrap_err();
    assert_eq!((error.kind, error.status), (ErrorKind::Schema, Some(200)));
    assert!(error.message.contains("larger than 64 MiB"));
}

#[tokio::test]
async fn an_endless_body_is_cut_at_the_cap() {
    let url = raw(|mut stream| async move {
        after_request(&mut stream, b"HTTP/1.1 200 OK\r\n\r\n").await;
        let block = vec![b'x'; 1 << 20];
        while stream.write_all(&block).await.is_ok() {}
    })
    .await;
    let error = ask(url).await.unwrap_err();
    assert_eq!((error.kind, error.status), (ErrorKind::Schema, Some(200)));
}

#[tokio::test]
async fn a_broken_packed_body_is_a_schema_error_and_a_cut_one_a_network_error() {
    let whole = gzip(&b"0123456789".repeat(1000));
    let mut broken = whole.clone();
    broken[12..20].fill(0xff);
    for (body, kind) in [
        (broken, ErrorKind::Schema),
        (b"not gzip".to_vec(), ErrorKind::Schema),
        (whole[..whole.len() / 2].to_vec(), ErrorKind::Network),
    ] {
        let server = Server::start(move |_, _| {
            let answer = Answer::text(200, "application/json", "");
            Answer {
                body: body.clone(),
                ..answer.with("content-encoding", "gzip")
            }
        })
        .await;
        let error = ask(server.url.clone()).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_a_timeout() {
    let url = raw(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let error = ask_briefly(url).await;
    assert_eq!((error.kind, error.status), (ErrorKind::Timeout, None));
    assert!(error.message.contains("did not answer within 250ms"));
}

#[tokio::test]
async fn a_body_that_drips_is_a_timeout_of_the_whole() {
    let url = raw(|mut stream| async move {
        after_request(
            &mut stream,
            b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n",
        )
        .await;
        while stream.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let error = ask_briefly(url).await;
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(
        error.message.contains("did not finish its answer"),
        "{error}"
    );
}

#[tokio::test]
async fn a_refused_connection_is_a_network_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let transport = open(url.parse().unwrap());
    let error = transport.send(Request::get("/a/")).await.unwrap_err();
    assert_eq!((error.kind, error.status), (ErrorKind::Network, None));
    assert!(error.message.contains("refused the connection"), "{error}");
    let exchange = transport.take_exchanges().remove(0);
    assert_eq!(exchange.status, None);
}

#[tokio::test]
async fn an_unknown_name_is_a_network_error() {
    let mut common = common("https://no-such-host.invalid".parse().unwrap());
    common.timeout = Duration::from_secs(3);
    let (clock, _) = Clock::manual(at(NOW));
    let budget = Arc::new(Mutex::new(Budget::new(9)));
    let transport = Transport::open(&common, vec![Allowed::get("/a/")], budget, clock).unwrap();
    let error = transport.send(Request::get("/a/")).await.unwrap_err();
    // A machine without a resolver may need longer to say no.
    assert!(
        matches!(error.kind, ErrorKind::Network | ErrorKind::Timeout),
        "{error}"
    );
}

#[tokio::test]
async fn no_tls_on_the_other_side_is_a_network_error() {
    let url = raw(|mut stream| async move {
        after_request(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let url = url.as_str().replace("http://", "https://");
    let error = ask(url.parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Network);
    assert!(error.message.contains("no safe connection"), "{error}");
}

#[tokio::test]
async fn a_reset_is_a_network_error() {
    let url = raw(|mut stream| async move {
        let mut head = [0; 16];
        let _ = stream.read(&mut head).await;
        // Unread bytes turn the close into a reset.
    })
    .await;
    let error = ask(url).await.unwrap_err();
    assert_eq!((error.kind, error.status), (ErrorKind::Network, None));
}

#[tokio::test]
async fn what_is_not_http_is_a_network_error() {
    let url = raw(|mut stream| async move {
        after_request(&mut stream, b"SSH-2.0-OpenSSH_9.6\r\n").await;
    })
    .await;
    let error = ask(url).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Network);
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_a_network_error() {
    for head in [
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[1,2",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n[1,2,\r\n",
    ] {
        let url = raw(move |mut stream| async move {
            after_request(&mut stream, head.as_bytes()).await;
        })
        .await;
        let error = ask(url).await.unwrap_err();
        assert_eq!((error.kind, error.status), (ErrorKind::Network, Some(200)));
        assert!(error.message.contains("cut off"), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::start(|_, _| Answer::ok(&json!(1))).await;
    let target = elsewhere.url.join("/a/?token=t0p").unwrap();
    let server =
        Server::start(move |_, _| Answer::json(302, &json!(1)).with("location", target.as_str()))
            .await;
    let error = ask(server.url.clone()).await.unwrap_err();
    assert_eq!((error.kind, error.status), (ErrorKind::Config, Some(302)));
    assert!(!error.message.contains("t0p"));
    assert!(elsewhere.seen().is_empty());
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn other_statuses_are_answers() {
    for status in [200, 201, 400, 401, 404, 429, 500, 502] {
        let server = Server::start(move |_, _| Answer::json(status, &json!({"a": 1}))).await;
        let reply = ask(server.url.clone()).await.unwrap();
        assert_eq!(reply.status, status);
        assert_eq!(reply.json::<Value>().unwrap(), json!({"a": 1}));
    }
}

#[tokio::test]
async fn html_under_200_is_named() {
    let server = Server::start(|_, _| Answer::text(200, "text/html", "<html>Log in</html>")).await;
    let reply = ask(server.url.clone()).await.unwrap();
    let error = reply.json::<Value>().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Schema);
    assert!(error.message.contains("HTML page"));
}

#[tokio::test]
async fn nothing_is_sent_while_the_vendor_wants_the_credential_to_wait() {
    let (clock, hand) = Clock::manual(at(NOW));
    let budget = Arc::new(Mutex::new(Budget::new(9)));
    let server = Server::start(|_, _| Answer::text(200, "application/json", "{}")).await;
    let common = common(server.url.clone());
    let allowed = vec![Allowed::get("/a/")];
    let transport = Transport::open(&common, allowed, budget.clone(), clock).unwrap();
    let until = at(NOW) + chrono::TimeDelta::minutes(30);
    budget.lock().unwrap().block(until);
    let error = transport.send(Request::get("/a/")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::RateLimited);
    assert_eq!(error.retry_at, Some(until));
    assert!(transport.take_exchanges().is_empty());
    hand.set(until);
    assert_eq!(
        transport.send(Request::get("/a/")).await.unwrap().status,
        200
    );
}

#[test]
fn an_address_that_could_leak_is_refused() {
    for (url, words) in [
        ("http://vendor.test/api", "plain http"),
        ("http://localhost.evil.test/", "plain http"),
        ("ftp://vendor.test/", "https://"),
        ("https://user:pw@vendor.test/", "credentials"),
    ] {
        let (clock, _) = Clock::manual(at(NOW));
        let budget = Arc::new(Mutex::new(Budget::new(9)));
        let opened = Transport::open(&common(url.parse().unwrap()), vec![], budget, clock);
        let error = opened.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Config);
        assert!(error.message.contains(words) && !error.message.contains("pw"));
    }
}

#[test]
fn plain_http_to_loopback_is_fine() {
    for url in [
        "http://127.0.0.1:1/api",
        "http://[::1]:1",
        "http://localhost:1",
    ] {
        open(url.parse().unwrap());
    }
}

#[test]
fn a_ca_file_must_hold_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "nothing").unwrap();
    for path in [empty, folder.path().join("missing.pem")] {
        let (clock, _) = Clock::manual(at(NOW));
        let budget = Arc::new(Mutex::new(Budget::new(9)));
        let mut common = common("https://vendor.test".parse().unwrap());
        common.ca_file = Some(path);
        let error = Transport::open(&common, vec![], budget, clock).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Config);
        assert!(error.message.contains("ca_file"), "{error}");
    }
}
