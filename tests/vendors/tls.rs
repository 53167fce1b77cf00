//! TLS: who is trusted, and who is not.
//!
//! The certificates in `tls/` are for `localhost` and of an authority that exists nowhere else;
//! its key was thrown away. They hold from 2020 to 2120, so that no machine's clock matters.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use occtop::clock::Clock;
use occtop::model::attempt::{ErrorKind, SourceError};
use occtop::model::budget::Budget;
use occtop::vendors::transport::{Allowed, Reply, Request, Transport};
use reqwest::Url;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::loopback::{at, common};

fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.join("tests/vendors/tls").join(name)
}

/// A server with the certificate for localhost; each connection gets one answer.
fn serve() -> Url {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = vec![CertificateDer::from_pem_file(file("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut tls = StreamOwned::new(connection, stream);
            let _ = tls.read(&mut [0; 4096]);
            let _ = tls
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]");
            tls.conn.send_close_notify();
            let _ = tls.flush();
        }
    });
    format!("https://localhost:{port}").parse().unwrap()
}

async fn ask(url: Url, authority: Option<PathBuf>) -> Result<Reply, SourceError> {
    let mut common = common(url);
    common.ca_file = authority;
    let (clock, _) = Clock::manual(at("2026-03-02T08:00:00Z"));
    let budget = Arc::new(Mutex::new(Budget::new(9)));
    let transport = Transport::open(&common, vec![Allowed::get("/a/")], budget, clock)?;
    transport.send(Request::get("/a/")).await
}

#[tokio::test]
async fn a_further_authority_is_trusted() {
    let reply = ask(serve(), Some(file("ca.pem"))).await.unwrap();
    assert_eq!((reply.status, &*reply.body), (200, &b"[]"[..]));
}

#[tokio::test]
async fn an_unknown_authority_is_not() {
    let error = ask(serve(), None).await.unwrap_err();
    // A machine without any authority cannot even begin.
    assert!(
        matches!(error.kind, ErrorKind::Network | ErrorKind::Config),
        "{error}"
    );
    if error.kind == ErrorKind::Network {
        assert!(
            error.message.contains("no safe connection to localhost"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not() {
    let mut url = serve();
    url.set_host(Some("127.0.0.1")).unwrap();
    let error = ask(url, Some(file("ca.pem"))).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Network);
    assert!(error.message.contains("no safe connection"), "{error}");
}
