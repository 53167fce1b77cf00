use std::time::Duration;

use chrono::TimeDelta;
use occtop::simulator::Options;
use occtop::simulator::faults::{Fault, Rule};
use occtop::simulator::vendor::Vendor::{self, Bespot, Mews, Navixy, Smartnow, Viametrics};
use serde_json::json;

use crate::lab::{Lab, NOON};

const PATH: &str = "/anything";

#[tokio::test]
async fn every_vendor_has_its_own_words_for_trouble() {
    let lab = Lab::at(NOON).await;
    for (vendor, refused, key) in [
        (Bespot, 401, "/code"),
        (Viametrics, 401, "/message"),
        (Navixy, 400, "/status/code"),
        (Mews, 401, "/Message"),
        (Smartnow, 401, "/message"),
    ] {
        lab.faults().once(vendor, Fault::RefusedToken);
        let reply = lab.get(vendor, PATH, &[]).await;
        assert_eq!(reply.status, refused, "{vendor:?}");
        assert!(
            reply.json().pointer(key).is_some(),
            "{vendor:?} {}",
            reply.text
        );

        lab.faults().once(
            vendor,
            Fault::Throttled {
                retry_after_s: Some(60),
            },
        );
        let reply = lab.get(vendor, PATH, &[]).await;
        assert_eq!(
            (reply.status, reply.header("retry-after")),
            (429, Some("60")),
            "{vendor:?}"
        );
        assert!(
            reply.json().pointer(key).is_some(),
            "{vendor:?} {}",
            reply.text
        );

        lab.faults().once(
            vendor,
            Fault::Throttled {
                retry_after_s: None,
            },
        );
        assert_eq!(lab.get(vendor, PATH, &[]).await.header("retry-after"), None);

        lab.faults().once(vendor, Fault::Status(500));
        let reply = lab.get(vendor, PATH, &[]).await;
        assert_eq!(reply.status, 500);
        assert!(
            reply.json().pointer(key).is_some(),
            "{vendor:?} {}",
            reply.text
        );
    }
}

#[tokio::test]
async fn gateways_send_html_and_redirects_under_any_status() {
    let lab = Lab::at(NOON).await;
    for status in [200, 502] {
        lab.faults().once(Bespot, Fault::Html(status));
        let reply = lab.get(Bespot, PATH, &[]).await;
        assert_eq!(reply.status, status);
        assert!(
            reply
                .header("content-type")
                .unwrap()
                .starts_with("text/html")
        );
        assert!(reply.text.starts_with("<!doctype html>"));
    }
    lab.faults().once(
        Mews,
        Fault::Redirect("http://elsewhere.example/".to_owned()),
    );
    let reply = lab.get(Mews, PATH, &[]).await;
    assert_eq!(
        (reply.status, reply.header("location")),
        (301, Some("http://elsewhere.example/"))
    );
    lab.faults().once(Smartnow, Fault::WrongShape);
    let reply = lab.get(Smartnow, PATH, &[]).await;
    assert!(reply.status == 200 && reply.json().is_object());
}

#[tokio::test]
async fn a_truncated_body_breaks_the_connection() {
    let lab = Lab::at(NOON).await;
    lab.faults().once(Navixy, Fault::Truncated);
    let error = lab.try_get(Navixy, PATH, &[]).await.unwrap_err();
    assert!(!error.is_timeout(), "{error}");
    assert_eq!(
        lab.get(Navixy, PATH, &[]).await.status,
        400,
        "and the next one is whole"
    );
}

#[tokio::test]
async fn a_hanging_vendor_leaves_the_others_alone_and_ends_with_the_simulator() {
    let mut lab = Lab::at(NOON).await;
    lab.faults().set(Bespot, Fault::Hang);
    let url = format!("{}{PATH}", lab.running.url(Bespot).unwrap());
    let stuck = tokio::spawn(reqwest::get(url));
    // The stuck call has arrived once its fault can be seen to be taken.
    lab.faults()
        .add(Rule::new(Mews, Fault::Status(500)).times(1));
    assert_eq!(lab.get(Mews, PATH, &[]).await.status, 500);
    assert!(!stuck.is_finished());
    lab.running.stop(Bespot);
    let ended = tokio::time::timeout(Duration::from_secs(10), stuck).await;
    assert!(ended.is_ok(), "a stopped vendor does not hold its callers");
}

#[tokio::test]
async fn one_vendor_can_be_stopped_alone() {
    let mut lab = Lab::at(NOON).await;
    let url = lab.running.url(Viametrics).unwrap();
    // A connection that is kept alive must not outlive the server.
    assert_eq!(lab.get(Viametrics, PATH, &[]).await.status, 403);
    lab.running.stop(Viametrics);
    assert_eq!(lab.running.url(Viametrics), None);
    let gone = async || reqwest::get(&url).await.is_err();
    while !gone().await {
        tokio::task::yield_now().await;
    }
    for vendor in Vendor::ALL
        .into_iter()
        .filter(|vendor| *vendor != Viametrics)
    {
        assert!(lab.try_get(vendor, PATH, &[]).await.is_ok(), "{vendor:?}");
    }
    assert!(!lab.running.config_toml().contains("viametrics"));
}

#[tokio::test]
async fn the_mix_is_gentle_and_the_same_for_a_seed() {
    let mixed = |options| Options {
        faults: true,
        ..options
    };
    let (one, other) = (Lab::with(NOON, mixed).await, Lab::with(NOON, mixed).await);
    let mut troubled = 0;
    for _ in 0..72 * 5 {
        for vendor in Vendor::ALL {
            let faults = one.faults().take(vendor, PATH, one.now());
            assert_eq!(faults, other.faults().take(vendor, PATH, one.now()));
            let door = |fault: &Fault| matches!(fault, Fault::DeadDoor { .. });
            assert!(faults.iter().any(door), "some door is dead at any time");
            troubled += u32::from(!faults.iter().all(door));
        }
        one.advance(TimeDelta::minutes(20));
    }
    assert!((60..300).contains(&troubled), "{troubled} of 1800 spells");
}

#[tokio::test]
async fn a_body_that_is_far_too_long_is_refused() {
    let lab = Lab::at(NOON).await;
    let long = json!({ "text": "x".repeat(2 << 20) });
    assert_eq!(lab.post(Mews, PATH, &[], &long).await.status, 413);
}
