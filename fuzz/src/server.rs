//! A server on loopback whose answers are the fuzzer's bytes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// Stands between two answers in an input.
const BETWEEN: &[u8] = b"\n%%\n";

/// The answers that are left; the last one is given for ever.
type Answers = Arc<Mutex<Vec<Vec<u8>>>>;

/// A running server.
pub struct Server {
    /// Host and port.
    pub address: String,
    answers: Answers,
}

impl Server {
    /// Starts one that lives as long as the process.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let answers = Answers::default();
        let served = answers.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let served = served.clone();
                std::thread::spawn(move || {
                    let mut stream = stream;
                    let _ = stream.set_nodelay(true);
                    while serve(&mut stream, &served).is_some() {}
                });
            }
        });
        Self { address, answers }
    }

    /// Takes an input: answers in the order in which they are given.
    pub fn answer_with(&self, data: &[u8]) {
        let mut answers = Vec::new();
        let mut rest = data;
        while let Some(at) = rest.windows(BETWEEN.len()).position(|part| part == BETWEEN) {
            answers.push(rest[..at].to_vec());
            rest = &rest[at + BETWEEN.len()..];
        }
        answers.push(rest.to_vec());
        answers.reverse();
        *self.answers.lock().unwrap_or_else(PoisonError::into_inner) = answers;
    }
}

fn serve(stream: &mut TcpStream, answers: &Answers) -> Option<()> {
    let path = read(stream)?;
    let answer = if ["token", "login", "auth"]
        .iter()
        .any(|word| path.contains(word))
    {
        br#"{"access":"t-o-k-e-n","refresh":"t-o-k-e-n","jwt":"t-o-k-e-n","access_token":"t-o-k-e-n","refresh_token":"t-o-k-e-n"}"#.to_vec()
    } else {
        let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() > 1 {
            answers.pop()?
        } else {
            answers.first()?.clone()
        }
    };
    let (status, body) = split(&answer);
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).ok()
}

/// An answer may begin with a line that is its status.
fn split(answer: &[u8]) -> (u16, &[u8]) {
    let status = answer
        .get(..3)
        .and_then(|head| std::str::from_utf8(head).ok()?.parse().ok());
    match status {
        Some(status @ 200..=599) if answer.get(3) == Some(&b'\n') => (status, &answer[4..]),
        _ => (200, answer),
    }
}

/// Reads a request and gives its path.
fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(at) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..at]).to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            if bytes.len() - at - 4 >= length.unwrap_or(0) {
                return head.split(' ').nth(1).map(str::to_owned);
            }
        }
        match stream.read(&mut chunk) {
            Ok(count @ 1..) => bytes.extend_from_slice(&chunk[..count]),
            _ => return None,
        }
    }
}
