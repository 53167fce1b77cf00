//! Proves with five requests that paths and fields are as configured: log-in, own user, the newest
//! machine, sale and event.

use serde_json::{Map, Value};

use super::SmartNow;
use super::decode::{self, Event, Listed, Machine, Page, Sale};
use super::request::{self, Dialect, Filter};
use crate::config::endpoint::Endpoint;
use crate::model::attempt::{ErrorKind, Finding};
use crate::vendors::transport::{Reply, Request, plain};

impl SmartNow {
    /// Tries what a poll needs and says what matched.
    pub(super) async fn prove(&mut self) -> Vec<Finding> {
        self.client.begin();
        let mut findings = vec![self.prove_user().await];
        if !findings[0].ok {
            return findings;
        }
        let newest = |endpoint: &Endpoint| {
            request::newest(endpoint, &Filter::default(), Dialect::default(), 1)
        };
        let machine = newest(&self.endpoints.machine);
        let sale = newest(&self.endpoints.sales);
        let event = newest(&self.endpoints.events);
        findings.push(self.prove_list::<Machine>("machines", machine).await);
        findings.push(self.prove_list::<Sale>("newest sale", sale).await);
        findings.push(self.prove_list::<Event>("newest event", event).await);
        findings
    }

    async fn prove_user(&mut self) -> Finding {
        let what = "log-in and own user";
        if let Err(error) = self.client.ready().await {
            return Finding::failed(what, &error);
        }
        let details = match self.client.own_user().await {
            Ok(reply) => {
                let user = reply.json::<Map<String, Value>>().unwrap_or_default();
                let mut details = vec![format!("status {}", reply.status)];
                details.extend(user_ends(&user));
                details
            }
            // Nothing depends on this call, and its path is inferred.
            Err(error) => vec![format!("logged in; the own user cannot be read: {error}")],
        };
        Finding::new(what, true, details)
    }

    async fn prove_list<T: Listed>(&mut self, what: &str, request: Request) -> Finding {
        let path = request.path.clone();
        match self.client.get(T::NAME, request).await {
            Ok(reply) => match decode::page::<T>(&reply, 1) {
                Ok(page) => found(what, &reply, &page),
                Err(error) => Finding::failed(what, &error),
            },
            Err(error) => {
                let mut finding = Finding::failed(what, &error);
                if error.kind == ErrorKind::Http {
                    let words = format!("is {path} the right path? see [source.endpoints]");
                    finding.details.push(words);
                }
                finding
            }
        }
    }
}

fn found<T>(what: &str, reply: &Reply, page: &Page<T>) -> Finding {
    let mut details = vec![format!("status {}, {} rows", reply.status, page.len)];
    if let Ok(rows) = reply.json::<Vec<Map<String, Value>>>()
        && let Some(row) = rows.first()
    {
        let keys: Vec<_> = row.keys().map(String::as_str).collect();
        details.push(plain_list("row keys", &keys));
    }
    if page.rejected() > 0 {
        details.push("the row lacks its id, its machine, its code or its time".to_owned());
    }
    Finding::new(what, page.rejected() == 0, details)
}

/// Accounts stop working by date, which is better known before.
fn user_ends(user: &Map<String, Value>) -> Vec<String> {
    let ends = [
        ("password_expires", "the password expires"),
        ("disabledAt", "the user is disabled"),
    ];
    ends.into_iter()
        .filter_map(|(key, words)| Some((words, user.get(key)?.as_str()?)))
        .map(|(words, when)| format!("{words}: {}", plain(when)))
        .collect()
}

fn plain_list(what: &str, words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| plain(word)).collect();
    format!("{what}: {}", words.join(" "))
}
