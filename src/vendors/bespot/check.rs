//! What `check` says about a Bespot account.

use chrono::TimeDelta;

use crate::model::attempt::{Ask, Finding};

use super::decode::{Feed, Rows};
use super::request::stamp;
use super::window::Window;
use super::{Bespot, is_unknown_store, query};

/// How far back it asks: far enough for a row in opening hours, and one page.
const REACH: TimeDelta = TimeDelta::hours(3);

impl Bespot {
    /// A token, one page of each list, and each configured store that was not among them.
    pub(super) async fn prove(&mut self, ask: &Ask) -> Vec<Finding> {
        self.client.begin();
        if let Err(error) = self.client.ready().await {
            return vec![Finding::failed("log-in", &error)];
        }
        let window = Window {
            from: ask.now - REACH,
            to: ask.now,
        };
        let mut findings = Vec::new();
        for feed in [Feed::Visits, Feed::Occupancy] {
            let query = query(feed, window, None, ask);
            let result = self.client.fetch(query, &mut self.stores).await;
            findings.push(match result {
                Ok(rows) => seen(feed, &rows),
                Err(error) => Finding::failed(feed.word(), &error),
            });
        }
        if findings.iter().all(|finding| finding.ok) {
            findings.extend(self.prove_stores(window, ask).await);
        }
        findings
    }

    async fn prove_stores(&mut self, window: Window, ask: &Ask) -> Option<Finding> {
        let silent = self.stores.silent(&[]);
        let found = self.stores.facts().len();
        if silent.is_empty() {
            return None;
        }
        let mut details = vec![format!("{found} configured stores have rows")];
        let mut ok = true;
        for code in silent {
            let query = query(Feed::Visits, window, Some(&code), ask);
            match self.client.fetch(query, &mut self.stores).await {
                Ok(_) => details.push(format!("{code}: known, no rows in the last 3 hours")),
                Err(error) if is_unknown_store(&error) => {
                    ok = false;
                    details.push(format!("{code}: not known to the vendor"));
                }
                Err(error) => {
                    ok = false;
                    details.push(format!("{code}: {error}"));
                }
            }
        }
        Some(Finding {
            what: "store_codes".to_owned(),
            ok,
            details,
        })
    }
}

fn seen(feed: Feed, rows: &Rows) -> Finding {
    let mut devices: Vec<_> = rows.readings.iter().map(|row| row.device.local()).collect();
    devices.sort_unstable();
    devices.dedup();
    let mut details = vec![format!("{} rows of {} stores", rows.rows, devices.len())];
    if rows.rows == 0 {
        details.push("no rows in the last 3 hours: try again while a store is open".to_owned());
    } else {
        details.push(format!("fields: {}", fields(feed, rows.short_names)));
    }
    if let Some(newest) = rows.readings.iter().map(|row| row.start).max() {
        details.push(format!("newest: {}", stamp(newest)));
    }
    if rows.rejected > 0 {
        details.push(format!("{} rows cannot be used", rows.rejected));
    }
    Finding {
        what: feed.word().to_owned(),
        ok: true,
        details,
    }
}

fn fields(feed: Feed, short: bool) -> &'static str {
    match (feed, short) {
        (Feed::Visits, false) => "store_code, minute, in_metric, out_metric",
        (Feed::Visits, true) => "store_code, minute, in, out",
        (Feed::Occupancy, false) => "store_code, minute, occupancy_metric",
        (Feed::Occupancy, true) => "store_code, minute, occupancy",
    }
}
