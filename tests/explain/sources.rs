//! Sources: every way of fetching well and badly.

use occtop::model::attempt::{ErrorKind, SourceError};

use super::golden;
use super::poll::{Poll, at, usual};
use super::stage::{CHAIN, Stage, error};

const MORNING: &str = "2026-03-02T02:00:00Z";

async fn polled() -> Stage {
    let mut stage = Stage::set(CHAIN, MORNING).await;
    let day = (MORNING, "2026-03-02T13:00:00Z");
    let poll = Poll::of("mall")
        .ermou(day)
        .door("3", "Kolonaki", day, usual);
    stage.poll("2026-03-02T13:04:00Z", poll).await;
    stage
}

#[tokio::test]
async fn that_work() {
    let mut stage = polled().await;
    golden(
        "source_ok",
        &stage.at("2026-03-02T13:06:00Z").source("mall"),
    );
    golden(
        "source_vendor_late",
        &stage.at("2026-03-02T13:40:00Z").source("mall"),
    );
    golden("source_never_asked", &stage.source("coffee"));
    stage.restart("2026-03-02T13:08:00Z", None).await;
    golden("source_from_disk", &stage.source("mall"));
    let paused = CHAIN.replacen(
        "vendor = \"viametrics\"",
        "vendor = \"viametrics\"\nenabled = false",
        1,
    );
    stage.restart("2026-03-02T13:10:00Z", Some(&paused)).await;
    golden("source_paused", &stage.source("mall"));
}

#[tokio::test]
async fn with_one_device_behind() {
    let mut stage = Stage::set(CHAIN, MORNING).await;
    let poll = Poll::of("mall")
        .ermou((MORNING, "2026-03-02T13:00:00Z"))
        .door("3", "Kolonaki", (MORNING, "2026-03-02T12:00:00Z"), usual);
    stage.poll("2026-03-02T13:04:00Z", poll).await;
    golden("source_one_device_late", &stage.source("mall"));
    golden("counter_late_alone", &stage.device("mall/3"));
}

/// The source after these errors, one after the other.
async fn failed(errors: Vec<SourceError>) -> String {
    let mut stage = polled().await;
    for (number, error) in (0_i64..).zip(errors) {
        let now = at("2026-03-02T13:19:00Z") + chrono::TimeDelta::minutes(2 * number);
        stage.fail(&now.to_rfc3339(), "mall", error).await;
    }
    stage.source("mall")
}

#[tokio::test]
async fn that_fail() {
    let timeout = || SourceError::new(ErrorKind::Timeout, "no answer within 20 s");
    golden("source_retrying", &failed(vec![timeout()]).await);
    let unavailable = || error(ErrorKind::Http, 503, "the server is busy");
    let often = vec![unavailable(), unavailable(), unavailable()];
    golden("source_backoff", &failed(often).await);
    let refused = error(ErrorKind::Auth, 401, "user name or password refused")
        .with_code("authentication_failed")
        .with_reference(Some("00000000000000a1".to_owned()));
    golden("source_auth", &failed(vec![refused]).await);
    let wait = error(ErrorKind::RateLimited, 429, "too many requests")
        .with_retry_at(Some(at("2026-03-02T13:50:00Z")));
    golden("source_throttled", &failed(vec![wait]).await);
    let html = error(ErrorKind::Schema, 200, "an HTML page instead of JSON");
    golden("source_schema", &failed(vec![html]).await);
    let unknown = SourceError::new(
        ErrorKind::Config,
        "store 116500 does not exist at the vendor",
    );
    golden("source_misconfigured", &failed(vec![unknown]).await);
}

#[tokio::test]
async fn when_it_is_our_own_link() {
    let mut stage = polled().await;
    let names = ["mall", "fleet", "hotel", "coffee"];
    for source in names.iter().chain(&names) {
        let error = SourceError::new(ErrorKind::Network, "the name cannot be resolved");
        stage.fail("2026-03-02T13:19:00Z", source, error).await;
    }
    golden("source_offline", &stage.source("mall"));
    golden("store_offline", &stage.ermou());
}
