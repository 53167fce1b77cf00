//! What is decoded of tonight: reservations, services, rooms.

use super::*;

fn reservation(id: &str, state: &str, people: Json) -> Json {
    let mut row = json!({"Id": id, "State": state, "Number": "1207", "CustomerId": "somebody",
                         "AssignedResourceId": format!("room of {id}")});
    row["PersonCounts"] = people;
    row
}

fn house(list: Json) -> InHouse {
    let mut body = json!({});
    body["Reservations"] = list;
    let (list, odd, _) = page::<wire::ReservationPage>(body);
    assert_eq!(odd, 0);
    in_house(&list)
}

#[test]
fn guests_are_the_people_booked_in_reservations_that_are_checked_in() {
    let house = house(json!([
        reservation(
            "a",
            "Started",
            json!([{"AgeCategoryId": "adult", "Count": 2}, {"Count": 1}])
        ),
        reservation("b", "Processed", json!([{"Count": 5}])),
        reservation("c", "Started", json!([{"Count": 0}, {"Count": 1}])),
        // The page shifted while it was read.
        reservation("a", "Started", json!([{"Count": 2}, {"Count": 1}])),
    ]));
    assert_eq!((house.people, house.uncounted), (4, 0));
}

#[test]
fn occupied_rooms_are_those_that_reservations_name_each_once() {
    let room = |id: &str, room: Json| {
        let mut row = reservation(id, "Started", json!([{"Count": 1}]));
        row["AssignedResourceId"] = room;
        row
    };
    let mut gone = room("e", json!("101"));
    gone.as_object_mut().unwrap().remove("AssignedResourceId");
    let house = house(json!([
        room("a", json!("101")),
        room("b", json!("102")),
        // They share a room.
        room("c", json!("101")),
        // The page shifted while it was read.
        room("b", json!("102")),
        reservation("d", "Processed", json!([{"Count": 5}])),
        gone,
        room("f", json!(null)),
        room("g", json!(" ")),
        room("h", json!(7)),
    ]));
    assert_eq!((house.rooms, house.roomless), (2, 4));
}

#[test]
fn a_reservation_without_a_state_is_one_of_those_that_were_asked_for() {
    for state in [json!(null), json!(7)] {
        let mut row = reservation("a", "", json!([{"Count": 2}]));
        row["State"] = state;
        assert_eq!(house(json!([row])).people, 2);
        row.as_object_mut().unwrap().remove("State");
        assert_eq!(house(json!([row])).people, 2);
    }
}

#[test]
fn people_that_a_reservation_does_not_tell_are_not_nobody() {
    for people in [
        json!(null),
        json!(2),
        json!("2"),
        json!({"Count": 2}),
        json!([{"Count": 2}, {"Count": -1}]),
        json!([{"Count": "2"}]),
        json!([{"Count": null}]),
        json!([null]),
        json!([{}]),
    ] {
        let mut odd = reservation("a", "Started", people.clone());
        let fine = reservation("b", "Started", json!([{"Count": 3}]));
        let told = house(json!([odd, fine]));
        assert_eq!((told.people, told.uncounted), (3, 1), "{people}");
        odd.as_object_mut().unwrap().remove("PersonCounts");
        assert_eq!(house(json!([odd, fine])).uncounted, 1);
    }
}

#[test]
fn only_active_services_by_the_night_are_asked_for_rooms() {
    let service = |id: &str, active: bool, kind: &str, unit: &str| {
        json!({"Id": id, "EnterpriseId": HOTEL, "IsActive": active,
               "Data": {"Discriminator": kind, "Value": {"TimeUnitPeriod": unit}}})
    };
    let list = rows(json!([
        service("stay", true, "Bookable", "Day"),
        service("old", false, "Bookable", "Day"),
        service("hall", true, "Bookable", "Hour"),
        service("restaurant", true, "Additional", ""),
        {"Id": "bare"}
    ]));
    let ids: Vec<_> = services(list)
        .into_iter()
        .map(|service| service.id)
        .collect();
    assert_eq!(ids, ["stay", "bare"]);
}

#[test]
fn rooms_are_those_that_can_be_used_in_the_first_night() {
    let category = |usable: Json| json!({"ResourceCategoryId": "x", "Metrics": {"Occupied": [41], "UsableResources": usable}});
    let cases = [
        (
            json!([category(json!([58, 1])), category(json!([2]))]),
            Some(60),
        ),
        (json!([category(json!([0]))]), Some(0)),
        (
            json!([
                category(json!([])),
                category(json!([-3])),
                category(json!(null)),
                5
            ]),
            None,
        ),
        (json!([]), None),
    ];
    for (categories, expected) in cases {
        let body = json!({"TimeUnitStartsUtc": ["2026-02-28T23:00:00Z"], "ResourceCategoryAvailabilities": categories});
        assert_eq!(
            rooms(&serde_json::from_value(body).unwrap()),
            expected,
            "{categories}"
        );
    }
}
