//! A vendor that writes back everything it was told, in every way that a bad one might.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

/// How the answers look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// The credential is refused.
    Refused,
    /// The log-in succeeds, everything after it is refused.
    RefusedLater,
    /// Refused with so many words before the echo that a quotation of them ends inside it.
    LongWinded,
    /// A page of HTML under 200.
    Html,
    /// A page of HTML under 500.
    HtmlFailure,
    /// A redirect to an address that holds the credential.
    Redirect,
    /// A redirect to a host whose name is the credential.
    RedirectHost,
    /// JSON of another shape under 200.
    OtherShape,
    /// The vendors' own error forms under 200.
    Envelope,
    /// The credential where numbers are expected.
    OtherTypes,
    /// A failure of the server.
    Failure,
    /// Too many requests.
    Throttled,
    /// Not JSON.
    Broken,
}

impl Manner {
    pub const ALL: [Self; 13] = [
        Self::Refused,
        Self::RefusedLater,
        Self::LongWinded,
        Self::Html,
        Self::HtmlFailure,
        Self::Redirect,
        Self::RedirectHost,
        Self::OtherShape,
        Self::Envelope,
        Self::OtherTypes,
        Self::Failure,
        Self::Throttled,
        Self::Broken,
    ];
}

/// A token that the server hands out; it is a secret from then on.
pub const TOKEN: &str = "t0kenFromTheVend0rThatNobodyMaySee";

/// A server for all five vendors.
pub struct Echo {
    pub address: String,
    manner: Arc<Mutex<Manner>>,
    heard: Arc<Mutex<String>>,
}

impl Echo {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let manner = Arc::new(Mutex::new(Manner::Refused));
        let heard = Arc::new(Mutex::new(String::new()));
        let (manners, ears) = (manner.clone(), heard.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (manners, ears) = (manners.clone(), ears.clone());
                std::thread::spawn(move || serve(stream, &manners, &ears));
            }
        });
        Self {
            address,
            manner,
            heard,
        }
    }

    pub fn be(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// Whether it was ever told a secret, so that it could have written it back.
    pub fn has_heard(&self, secret: &str) -> bool {
        self.heard.lock().unwrap().contains(secret)
    }
}

struct Request {
    path: String,
    /// Everything that could hold a credential, decoded.
    said: Vec<String>,
}

fn serve(mut stream: TcpStream, manner: &Mutex<Manner>, heard: &Mutex<String>) {
    let Some(request) = read(&mut stream) else {
        return;
    };
    for said in &request.said {
        let mut heard = heard.lock().unwrap();
        heard.push_str(said);
        heard.push('\n');
    }
    let manner = *manner.lock().unwrap();
    let _ = stream.write_all(&answer(manner, &request));
}

fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse()
                    .ok()
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(parse(head, body));
            }
        }
        match stream.read(&mut chunk) {
            Ok(count @ 1..) => bytes.extend_from_slice(&chunk[..count]),
            _ => return None,
        }
    }
}

fn parse(head: &str, body: &str) -> Request {
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut said = Vec::new();
    for line in head.lines() {
        let Some((name, value)) = line.split_once(": ") else {
            continue;
        };
        if name.eq_ignore_ascii_case("authorization") {
            let credential = value
                .split_once(' ')
                .map_or(value, |(_, credential)| credential);
            said.push(credential.to_owned());
            let plain = STANDARD.decode(credential).ok();
            if let Some(plain) = plain.and_then(|plain| String::from_utf8(plain).ok()) {
                let password = plain
                    .split_once(':')
                    .map(|(_, password)| password.to_owned());
                said.extend(password);
                said.push(plain);
            }
        }
    }
    collect(&serde_json::from_str(body).unwrap_or_default(), &mut said);
    Request { path, said }
}

fn collect(json: &serde_json::Value, said: &mut Vec<String>) {
    match json {
        serde_json::Value::String(text) => said.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, said)),
        serde_json::Value::Object(map) => map.values().for_each(|item| collect(item, said)),
        _ => {}
    }
}

fn answer(manner: Manner, request: &Request) -> Vec<u8> {
    let said = format!("You said: {}", request.said.join(" and "));
    let logs_in = ["token", "login", "auth"]
        .iter()
        .any(|word| request.path.contains(word));
    let later = manner == Manner::RefusedLater || manner == Manner::LongWinded;
    if later && logs_in {
        let tokens = json!({
            "access": TOKEN, "refresh": TOKEN, "jwt": TOKEN, "access_token": TOKEN,
            "refresh_token": TOKEN, "success": true, "type": "authenticated", "hash": TOKEN,
        });
        return reply(201, "application/json", "", &tokens.to_string());
    }
    let last = request.said.last().map_or("", String::as_str);
    match manner {
        Manner::Refused | Manner::RefusedLater => form(401, &said),
        Manner::LongWinded => form(401, &cut_inside(&request.said)),
        Manner::Failure => form(500, &said),
        Manner::Throttled => form(429, &said),
        Manner::Envelope => form(200, &said),
        Manner::Html => reply(
            200,
            "text/html",
            "",
            &format!("<html><body>{said}</body></html>"),
        ),
        Manner::HtmlFailure => reply(500, "text/html", "", &format!("<html>{said}</html>")),
        Manner::Broken => reply(
            200,
            "application/json",
            "",
            &format!("{{\"{said}\": {said}"),
        ),
        Manner::Redirect => {
            let location = format!(
                "Location: https://login.example/?password={}\r\n",
                last.replace(' ', "+")
            );
            reply(302, "text/plain", &location, &said)
        }
        Manner::RedirectHost => {
            let host: String = last.chars().filter(char::is_ascii_alphanumeric).collect();
            reply(
                302,
                "text/plain",
                &format!("Location: https://{host}/\r\n"),
                &said,
            )
        }
        Manner::OtherShape => {
            let json = json!({ "message": said, "list": { "name": said }, said.as_str(): 1 });
            reply(200, "application/json", "", &json.to_string())
        }
        Manner::OtherTypes => {
            let json = json!({
                "access": [said], "jwt": [said], "access_token": [said], "hash": [said],
                "count": said, "results": said, "data": { "counterData": said, "counters": said },
                "success": true, "list": said, "states": said, "Counters": said,
                "Enterprises": said, "Cursor": said,
            });
            reply(200, "application/json", "", &json.to_string())
        }
    }
}

/// Words of such a length that a quotation of the usual length ends within the last secret.
fn cut_inside(said: &[String]) -> String {
    let secret = said
        .iter()
        .max_by_key(|said| said.len())
        .map_or("", String::as_str);
    format!("{}{secret}", "x".repeat(200 - 14))
}

/// The error forms of all vendors in one.
fn form(status: u16, said: &str) -> Vec<u8> {
    let body = json!({
        "detail": said, "code": said, "error_id": said, "message": said, "Message": said,
        "RequestId": said, "Details": { "x": said }, "success": false,
        "status": { "code": 4, "description": said }, "errors": [{ "parameter": said, "error": said }],
    });
    let header = said.replace(|c: char| !c.is_ascii_graphic() && c != ' ', "");
    reply(
        status,
        "application/json",
        &format!("Request-Id: {header}\r\n"),
        &body.to_string(),
    )
}

fn reply(status: u16, content_type: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} Said\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n{headers}Connection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
