use chrono::TimeDelta;
use occtop::simulator::faults::{Fault, Rule};
use occtop::simulator::vendor::Vendor::Mews;
use serde_json::{Value, json};

use crate::lab::{Lab, NOON, Reply, keys};

const COUNTERS: &str = "counters/getAll";

impl Lab {
    /// A call with the account's tokens, and `Count` 1000 unless the body says otherwise.
    async fn mews(&self, action: &str, body: Value) -> Reply {
        let mut whole = json!({
            "ClientToken": self.credentials().client_token,
            "AccessToken": self.credentials().access_token,
            "Client": "Test 1.0.0",
            "Limitation": { "Count": 1000 },
        });
        for (key, value) in body.as_object().unwrap() {
            whole[key] = value.clone();
        }
        self.post(Mews, &format!("/api/connector/v1/{action}"), &[], &whole)
            .await
    }

    async fn items(&self, action: &str, name: &str, body: Value) -> Vec<Value> {
        let reply = self.mews(action, body).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()[name].as_array().unwrap().clone()
    }
}

/// Status and message of a refusal.
fn refused(reply: &Reply) -> (u16, String) {
    let body = reply.json();
    assert_eq!(keys(&body), ["Details", "Message", "RequestId"]);
    (reply.status, body["Message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn counters_have_the_documented_fields_and_awkward_formats() {
    let lab = Lab::at(NOON).await;
    let reply = lab.mews(COUNTERS, json!({})).await;
    assert!(reply.header("request-id").is_some());
    let counters = reply.json()["Counters"].as_array().unwrap().clone();
    assert_eq!(counters.len(), 5);
    assert_eq!(
        keys(&counters[0]),
        [
            "CreatedUtc",
            "EnterpriseId",
            "Format",
            "Id",
            "IsDefault",
            "Name",
            "Type",
            "UpdatedUtc",
            "Value"
        ]
    );
    let formats: Vec<&Value> = counters.iter().map(|counter| &counter["Format"]).collect();
    assert!(formats.contains(&&Value::Null) && formats.contains(&&json!("")));
    assert_eq!(
        reply.json()["Cursor"],
        counters[4]["Id"],
        "also the last page has a cursor"
    );
    for (wire, counter) in counters.iter().zip(&lab.estate().hotel().counters) {
        let (value, _) = lab.estate().hotel().value(counter, lab.now());
        assert_eq!(
            (&wire["Value"], &wire["Type"]),
            (&json!(value), &json!(counter.sort))
        );
    }
}

#[tokio::test]
async fn pages_follow_the_cursor() {
    let lab = Lab::at(NOON).await;
    let all = lab.items(COUNTERS, "Counters", json!({})).await;
    let mut seen = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let limitation = json!({ "Limitation": { "Count": 2, "Cursor": cursor } });
        let page = lab.mews(COUNTERS, limitation).await.json();
        cursor = page["Cursor"].clone();
        if cursor.is_null() {
            assert_eq!(page["Counters"], json!([]));
            break;
        }
        seen.extend(page["Counters"].as_array().unwrap().clone());
    }
    assert_eq!(seen, all);

    lab.faults().set(Mews, Fault::RepeatedRows);
    let again = json!({ "Limitation": { "Count": 2, "Cursor": all[1]["Id"] } });
    assert_eq!(lab.items(COUNTERS, "Counters", again).await, all[..2]);
}

#[tokio::test]
async fn filters_choose_counters() {
    let lab = Lab::at(NOON).await;
    let all = lab.items(COUNTERS, "Counters", json!({})).await;
    let chosen = async |filter: Value| lab.items(COUNTERS, "Counters", filter).await;
    assert_eq!(chosen(json!({ "Type": "Counter" })).await, all);
    assert_eq!(chosen(json!({ "Type": "BillCounter" })).await, all[2..3]);
    assert_eq!(
        chosen(json!({ "CounterIds": [all[3]["Id"]] })).await,
        all[3..4]
    );
    assert_eq!(
        chosen(json!({ "EnterpriseIds": [all[0]["EnterpriseId"]] })).await,
        all
    );
    assert!(
        chosen(json!({ "EnterpriseIds": [all[0]["Id"]] }))
            .await
            .is_empty()
    );
    let changed = all[0]["UpdatedUtc"].as_str().unwrap();
    let instant = json!({ "UpdatedUtc": { "StartUtc": changed, "EndUtc": changed } });
    assert!(chosen(instant).await.contains(&all[0]));
    let since = json!({ "UpdatedUtc": { "StartUtc": changed, "EndUtc": "2026-03-04T10:01:00Z" } });
    assert!(chosen(since).await.contains(&all[0]));
    let before = json!({ "UpdatedUtc": { "StartUtc": "2026-03-01T00:00:00Z", "EndUtc": changed } });
    assert!(!chosen(before).await.contains(&all[0]));
}

#[tokio::test]
async fn wrong_requests_are_refused_with_a_message() {
    let lab = Lab::at(NOON).await;
    for (body, status, message) in [
        (
            json!({ "AccessToken": "guess" }),
            401,
            "Invalid AccessToken.",
        ),
        (
            json!({ "ClientToken": "guess" }),
            401,
            "Invalid ClientToken.",
        ),
        (json!({ "Client": "" }), 400, "Invalid Client."),
        (json!({ "Limitation": null }), 400, "Invalid Limitation."),
        (
            json!({ "Limitation": { "Count": 1001 } }),
            400,
            "Invalid Limitation.",
        ),
        (
            json!({ "EnterpriseIds": [] }),
            400,
            "Invalid EnterpriseIds.",
        ),
        (
            json!({ "UpdatedUtc": { "StartUtc": "2025-11-01T00:00:00Z", "EndUtc": "2026-03-01T00:00:00Z" } }),
            400,
            "Invalid UpdatedUtc.",
        ),
    ] {
        let reply = lab.mews(COUNTERS, body.clone()).await;
        assert_eq!(refused(&reply), (status, message.to_owned()), "{body}");
    }
    for action in ["counters/getall", "counters/getAll/", "counters/add"] {
        assert_eq!(lab.mews(action, json!({})).await.status, 404, "{action}");
    }
}

#[tokio::test]
async fn two_hundred_calls_in_thirty_seconds_are_enough() {
    let lab = Lab::at(NOON).await;
    for _ in 0..200 {
        assert_eq!(lab.mews("configuration/get", json!({})).await.status, 200);
    }
    lab.advance(TimeDelta::seconds(13));
    let over = lab.mews(COUNTERS, json!({})).await;
    assert_eq!(refused(&over), (429, "Too many requests.".to_owned()));
    assert_eq!(
        (over.json()["RequestId"].clone(), over.header("retry-after")),
        (Value::Null, Some("17"))
    );
    lab.advance(TimeDelta::seconds(17));
    assert_eq!(lab.mews(COUNTERS, json!({})).await.status, 200);
}

#[tokio::test]
async fn guests_in_house_are_reservations_that_have_started() {
    let lab = Lab::at(NOON).await;
    let started = json!({ "States": ["Started"], "Limitation": { "Count": 10 } });
    let action = "reservations/getAll/2023-06-06";
    let first = lab.mews(action, started).await.json();
    assert_eq!(first["Reservations"].as_array().unwrap().len(), 10);
    let all = lab
        .items(action, "Reservations", json!({ "States": ["Started"] }))
        .await;
    let stays = lab.estate().hotel().in_house(lab.now());
    let guests = |reservation: &Value| reservation["PersonCounts"][0]["Count"].as_u64().unwrap();
    assert_eq!(all.len(), stays.len());
    assert_eq!(
        all.iter().map(guests).sum::<u64>(),
        stays.iter().map(|stay| u64::from(stay.guests)).sum::<u64>()
    );
    assert!(
        all.iter()
            .all(|one| one["State"] == "Started" && one["ActualEndUtc"].is_null())
    );
    let canceled = lab
        .items(action, "Reservations", json!({ "States": ["Canceled"] }))
        .await;
    assert!(canceled.is_empty());
}

#[tokio::test]
async fn rooms_can_be_asked_for_night_by_night() {
    let lab = Lab::at(NOON).await;
    let enterprise = &lab
        .items("enterprises/getAll", "Enterprises", json!({}))
        .await[0];
    assert_eq!(enterprise["TimeZoneIdentifier"], "Europe/Athens");
    let service = lab.items("services/getAll", "Services", json!({})).await[0]["Id"].clone();
    let of_service = json!({ "ServiceIds": [service] });
    let categories = lab
        .items(
            "resourceCategories/getAll",
            "ResourceCategories",
            of_service,
        )
        .await;
    assert_eq!(categories.len(), 2);
    let action = "services/getAvailability/2024-01-22";
    let nights = |first: &str| {
        json!({
            "ServiceId": service,
            "FirstTimeUnitStartUtc": first,
            "LastTimeUnitStartUtc": "2026-03-05T22:00:00Z",
            "Metrics": ["Occupied", "UsableResources", "ActiveResources"],
        })
    };
    let reply = lab
        .mews(action, nights("2026-03-03T22:00:00Z"))
        .await
        .json();
    assert_eq!(reply["TimeUnitStartsUtc"].as_array().unwrap().len(), 3);
    let rooms: u64 = (reply["ResourceCategoryAvailabilities"]
        .as_array()
        .unwrap()
        .iter())
    .map(|category| category["Metrics"]["ActiveResources"][0].as_u64().unwrap())
    .sum();
    assert_eq!(rooms, 64);
    let off = lab.mews(action, nights("2026-03-04T00:00:00Z")).await;
    assert_eq!(off.status, 400, "no start of a local day");

    let ids: Vec<Value> = categories
        .iter()
        .map(|category| category["Id"].clone())
        .collect();
    let states = lab
        .mews(
            "resources/getOccupancyState",
            json!({ "ResourceCategoryIds": ids }),
        )
        .await
        .json();
    let reserved: usize = (states["ResourceCategoryOccupancyStates"]
        .as_array()
        .unwrap()
        .iter())
    .flat_map(|category| category["ResourceOccupancyStates"].as_array().unwrap())
    .filter(|room| room["OccupancyState"] == "Reserved")
    .count();
    assert_eq!(reserved, lab.estate().hotel().in_house(lab.now()).len());
    assert_eq!(
        lab.items("resources/getAll", "Resources", json!({}))
            .await
            .len(),
        64
    );
}

#[tokio::test]
async fn one_operation_can_be_forbidden_alone() {
    let lab = Lab::at(NOON).await;
    lab.faults()
        .add(Rule::new(Mews, Fault::NotPermitted).on("reservations"));
    let forbidden = lab.mews("reservations/getAll/2023-06-06", json!({})).await;
    assert_eq!(refused(&forbidden).0, 401);
    assert_eq!(lab.mews(COUNTERS, json!({})).await.status, 200);
}

#[tokio::test]
async fn lists_can_be_empty_heavy_or_start_anew() {
    let lab = Lab::at(NOON).await;
    lab.faults().once(Mews, Fault::EmptyList);
    assert_eq!(
        lab.mews(COUNTERS, json!({})).await.json(),
        json!({ "Counters": [], "Cursor": null })
    );
    lab.faults().once(Mews, Fault::OtherShape);
    let other = lab.mews(COUNTERS, json!({})).await.json();
    assert!(other.get("Cursor").is_none());
    assert_eq!(other["Counters"][4]["Type"], "SomeFutureCounter");
    lab.faults().once(Mews, Fault::Status(408));
    assert_eq!(refused(&lab.mews(COUNTERS, json!({})).await).0, 408);
    lab.faults().once(Mews, Fault::Restarted);
    let anew = lab.items(COUNTERS, "Counters", json!({})).await;
    assert!(
        anew.iter()
            .all(|counter| counter["Value"].as_i64().unwrap() < 10)
    );
    lab.faults().once(Mews, Fault::Status(204));
    let nothing = lab.mews(COUNTERS, json!({})).await;
    assert_eq!((nothing.status, nothing.text.as_str()), (204, ""));
}
