//! A vendor without a call for all counters: one for each.

use super::*;

const COUNTER_DATA: &str = "/api/GetCounterData";

/// Rows in the form of the vendor's older interface: without the counter's id.
fn older(seen: &Seen, _: usize) -> Answer {
    match (&*seen.path, seen.param("counterIds")) {
        (LOGIN, _) => login(),
        (COUNTER_DATA, "") => Answer::json(400, &json!({"message": "counterIds is missing"})),
        (COUNTER_DATA, "[509]") => Answer::json(404, &json!({"message": "No such counter"})),
        (COUNTER_DATA, ids) => {
            let people = ids.trim_matches(['[', ']']).to_owned();
            list(&[
                json!({"datetime": "2026-03-02 08:00:00", "inValue": people, "outValue": "0"}),
                json!({"datetime": "2026-03-02 09:00:00", "inValue": "1", "outValue": "2"}),
            ])
        }
        _ => Answer::json(404, &json!({"message": "Not found"})),
    }
}

fn of_each(counters: &[i64]) -> impl Fn(&mut SourceConfig) {
    let counters = counters.to_vec();
    move |config| {
        let settings = settings(config);
        settings.counters.clone_from(&counters);
        settings.endpoints.intervals = Endpoint::get(COUNTER_DATA);
    }
}

fn asked(rig: &Rig) -> Vec<String> {
    let seen = rig.server.take();
    let data = seen.iter().filter(|seen| seen.path == COUNTER_DATA);
    data.map(|seen| seen.param("counterIds").to_owned())
        .collect()
}

#[tokio::test]
async fn each_counter_is_asked_for_by_its_id() {
    let mut rig = Rig::with(of_each(&[507, 508]), older).await;
    let outcome = rig.first().await;
    assert_eq!(outcome.error, None);
    assert_eq!(
        shown(&outcome),
        [
            "507 02T07:00+60 507/0",
            "507 02T08:00+60 1/2",
            "508 02T07:00+60 508/0",
            "508 02T08:00+60 1/2"
        ]
    );
    assert_eq!(asked(&rig), ["[507]", "[508]"]);
}

#[tokio::test]
async fn a_counter_that_is_refused_does_not_hide_the_others() {
    let mut rig = Rig::with(of_each(&[507, 509]), older).await;
    let outcome = rig.first().await;
    assert_eq!(outcome.error, None);
    assert_eq!(shown(&outcome).len(), 2);
    let delivery = outcome.delivery.unwrap();
    assert!(delivery.notes[0].contains("counter 509: "), "{delivery:?}");
    assert_eq!(delivery.complete_from, None);
    // When all are refused, it is no matter of a counter.
    let mut rig = Rig::with(of_each(&[509]), older).await;
    assert_eq!(error(rig.first().await).status, Some(404));
}

#[tokio::test]
async fn counters_take_turns_where_the_hour_has_no_room_for_all() {
    let few = |config: &mut SourceConfig| {
        of_each(&[1, 2, 3, 4, 5])(config);
        config.common.requests_per_hour = Some(4);
    };
    let mut rig = Rig::with(few, older).await;
    let outcome = rig.first().await;
    assert_eq!(outcome.error, None);
    let delivery = outcome.delivery.unwrap();
    assert!(delivery.notes[0].starts_with("read 3 of 5 counters;"));
    assert_eq!(delivery.complete_from, None);
    assert_eq!(asked(&rig), ["[1]", "[2]", "[3]"]);
    rig.poll("2026-03-02T10:06:00Z", None).await;
    assert_eq!(asked(&rig), ["[4]", "[5]", "[1]"]);
}

#[tokio::test]
async fn rows_that_nobody_can_tell_apart_are_asked_for_counter_by_counter() {
    let answer = |seen: &Seen, before: usize| match (&*seen.path, seen.param("counterIds")) {
        (INTERVALS, "" | "[507]") => {
            list(&[json!({"datetime": "2026-03-02 09:00:00", "I": 1, "O": 0})])
        }
        (INTERVALS, _) => list(&[json!({"datetime": "2026-03-02 09:00:00", "I": 0, "O": 1})]),
        _ => vendor(&[])(seen, before),
    };
    let mut rig = Rig::new(answer).await;
    let outcome = rig.first().await;
    assert_eq!(
        shown(&outcome),
        ["507 02T08:00+60 1/0", "508 02T08:00+60 0/1"]
    );
    assert_eq!(
        rig.paths(),
        [LOGIN, INTERVALS, COUNTERS, GROUPS, INTERVALS, INTERVALS]
    );
    rig.poll("2026-03-02T10:05:00Z", None).await;
    assert_eq!(rig.paths(), [LOGIN, INTERVALS, INTERVALS]);
}
