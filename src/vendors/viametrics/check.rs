//! What `check` says about a Viametrics account: enough to turn the vendor's private
//! documentation into a working configuration.

use chrono::SecondsFormat;
use serde_json::Value as Json;

use crate::model::attempt::{Ask, Finding};
use crate::model::reading::Reading;

use super::days::Days;
use super::{Viametrics, decode, wire};

impl Viametrics {
    /// Exactly one log-in and one call for data.
    pub(super) async fn prove(&mut self, ask: &Ask) -> Vec<Finding> {
        let token = self.client.log_in_once().await;
        let log_in = match token {
            Ok(at) => Finding {
                what: "log-in".to_owned(),
                ok: true,
                details: vec![format!(
                    "token found at {}",
                    at.unwrap_or("an unknown place")
                )],
            },
            Err(error) => return vec![Finding::failed("log-in", &error)],
        };
        let zone = self.counters.zone();
        let today = ask.now.with_timezone(&zone).date_naive();
        let first = self
            .counters
            .ids()
            .into_iter()
            .next()
            .filter(|_| self.singly);
        let data = match self
            .client
            .interval_body(Days::only(today), first.as_deref())
            .await
        {
            Ok(body) => self.prove_rows(&body, ask),
            Err(error) => Finding::failed("interval data", &error),
        };
        vec![log_in, data]
    }

    fn prove_rows(&mut self, body: &Json, ask: &Ask) -> Finding {
        let fields = &self.client.fields;
        let list = match wire::list(body, &fields.rows) {
            Ok(list) => list,
            Err(error) => return Finding::failed("interval data", &error),
        };
        let mut details = vec![format!("{} rows at {}", list.len(), fields.rows)];
        let rows = wire::rows(list, fields);
        let Some(first) = list.first() else {
            details.push("no rows yet today: the field names cannot be proven".to_owned());
            return finding(true, details);
        };
        let matched = wire::matched(first, fields);
        for (what, name) in [
            ("time", matched.time),
            ("in", matched.entered),
            ("out", matched.left),
            ("counter", matched.counter),
            ("customer", matched.customer),
        ] {
            details.push(format!("{what}: {}", name.unwrap_or("none")));
        }
        details.push(format!("a row has {}", wire::names(first)));

        let default_s = self.common.batches(super::PERIOD, super::LAG, super::GRACE);
        let default_s = default_s.expectation.period_s;
        let decoded = decode::readings(&rows.rows, &mut self.counters, ask.now, default_s);
        let rejected = rows.rejected + decoded.rejected;
        if rejected > 0 {
            details.push(format!("{rejected} rows cannot be used"));
        }
        details.push(format!("counters: {}", self.counters.count()));
        if let Some(seconds) = decoded.interval_s {
            details.push(format!("interval: {} min", seconds / 60));
        }
        if let Some(newest) = decoded.readings.iter().map(Reading::end).max() {
            details.push(format!(
                "newest interval ends {}",
                newest.to_rfc3339_opts(SecondsFormat::Secs, true)
            ));
        }
        finding(rejected < rows.total, details)
    }
}

fn finding(ok: bool, details: Vec<String>) -> Finding {
    Finding::new("interval data", ok, details)
}
