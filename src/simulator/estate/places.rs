//! The cities of the estate: zones, districts and shop hours.

use chrono_tz::Tz;

/// Who counts people in a city.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// One Bespot store per site.
    Bespot,
    /// Viametrics counters, one per door.
    Viametrics,
}

/// Opening hours as shops of a city keep them, in minutes after local midnight; a closing time
/// past 1440 is after midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timetable {
    /// Monday to Friday.
    pub weekdays: (u32, u32),
    /// Saturday.
    pub saturday: (u32, u32),
    /// Sunday.
    pub sunday: Option<(u32, u32)>,
}

/// A city with stores.
#[derive(Debug, PartialEq)]
pub struct City {
    /// Name, also the group of its stores.
    pub name: &'static str,
    /// Two-letter country code.
    pub country: &'static str,
    /// Currency of its tills.
    pub currency: &'static str,
    /// Its clocks.
    pub zone: Tz,
    /// Latitude and longitude of the centre in degrees.
    pub centre: (f64, f64),
    /// Who counts people.
    pub network: Network,
    /// Usual shop hours.
    pub hours: Timetable,
    /// Streets and districts, used as names of stores.
    pub places: &'static [&'static str],
}

const fn hours(
    weekdays: (u32, u32),
    saturday: (u32, u32),
    sunday: Option<(u32, u32)>,
) -> Timetable {
    Timetable {
        weekdays: (weekdays.0 * 60, weekdays.1 * 60),
        saturday: (saturday.0 * 60, saturday.1 * 60),
        sunday: match sunday {
            Some((open, close)) => Some((open * 60, close * 60)),
            None => None,
        },
    }
}

/// Greece.
static ATHENS: City = City {
    name: "Athens",
    country: "GR",
    currency: "EUR",
    zone: Tz::Europe__Athens,
    centre: (37.9755, 23.7348),
    network: Network::Bespot,
    hours: hours((9, 21), (9, 20), Some((11, 20))),
    places: &[
        "Ermou",
        "Syntagma",
        "Piraeus",
        "Kolonaki",
        "Glyfada",
        "Kifisia",
        "Monastiraki",
        "Plaka",
        "Pangrati",
        "Marousi",
        "Chalandri",
        "Kypseli",
    ],
};

static THESSALONIKI: City = City {
    name: "Thessaloniki",
    country: "GR",
    currency: "EUR",
    zone: Tz::Europe__Athens,
    centre: (40.6327, 22.9413),
    network: Network::Bespot,
    hours: hours((9, 21), (9, 18), None),
    places: &[
        "Tsimiski",
        "Ladadika",
        "Kalamaria",
        "Ano Poli",
        "Toumba",
        "Panorama",
    ],
};

/// All Viametrics cities share one wall clock, because an account has one zone.
static STOCKHOLM: City = City {
    name: "Stockholm",
    country: "SE",
    currency: "SEK",
    zone: Tz::Europe__Stockholm,
    centre: (59.3326, 18.0649),
    network: Network::Viametrics,
    hours: hours((9, 20), (10, 19), Some((11, 19))),
    places: &[
        "Drottninggatan",
        "Odenplan",
        "Hornstull",
        "Götgatan",
        "Slussen",
        "Vasastan",
        "Kista",
        "Farsta",
        "Liljeholmen",
        "Solna",
    ],
};

static GOTHENBURG: City = City {
    name: "Gothenburg",
    country: "SE",
    currency: "SEK",
    zone: Tz::Europe__Stockholm,
    centre: (57.7072, 11.9668),
    network: Network::Viametrics,
    hours: hours((10, 19), (10, 18), Some((11, 17))),
    places: &["Avenyn", "Haga", "Majorna", "Frölunda", "Mölndal"],
};

static NEW_YORK: City = City {
    name: "New York",
    country: "US",
    currency: "USD",
    zone: Tz::America__New_York,
    centre: (40.7423, -73.9876),
    network: Network::Bespot,
    hours: hours((8, 22), (8, 22), Some((8, 22))),
    places: &[
        "SoHo",
        "Times Square",
        "Tribeca",
        "Chelsea",
        "Flatiron",
        "Bryant Park",
        "Union Square",
        "Harlem",
        "Astoria",
        "Williamsburg",
    ],
};

static SINGAPORE: City = City {
    name: "Singapore",
    country: "SG",
    currency: "SGD",
    zone: Tz::Asia__Singapore,
    centre: (1.3039, 103.8318),
    network: Network::Bespot,
    hours: hours((10, 22), (10, 22), Some((10, 22))),
    places: &[
        "Orchard Road",
        "Bugis",
        "Clarke Quay",
        "Tampines",
        "Novena",
        "Jurong East",
    ],
};

static AMSTERDAM: City = City {
    name: "Amsterdam",
    country: "NL",
    currency: "EUR",
    zone: Tz::Europe__Amsterdam,
    centre: (52.3731, 4.8926),
    network: Network::Bespot,
    hours: hours((9, 19), (9, 19), Some((11, 18))),
    places: &[
        "Kalverstraat",
        "Leidseplein",
        "De Pijp",
        "Jordaan",
        "Zuidas",
        "Oost",
    ],
};

static LONDON: City = City {
    name: "London",
    country: "GB",
    currency: "GBP",
    zone: Tz::Europe__London,
    centre: (51.5142, -0.1494),
    network: Network::Bespot,
    hours: hours((9, 21), (9, 21), Some((12, 18))),
    places: &[
        "Oxford Street",
        "Camden",
        "Shoreditch",
        "Brixton",
        "Stratford",
        "Ealing",
    ],
};

static TOKYO: City = City {
    name: "Tokyo",
    country: "JP",
    currency: "JPY",
    zone: Tz::Asia__Tokyo,
    centre: (35.6717, 139.7650),
    network: Network::Bespot,
    hours: hours((10, 21), (10, 21), Some((10, 20))),
    places: &["Shinjuku", "Ginza", "Shibuya", "Ueno", "Asakusa", "Nakano"],
};

/// The cities of the first stores, in order: some of them are open at any time.
static FIRST: [&City; 8] = [
    &ATHENS, &ATHENS, &ATHENS, &STOCKHOLM, &STOCKHOLM, &NEW_YORK, &NEW_YORK, &SINGAPORE,
];

/// The cities of all further stores, in turn.
static TURN: [&City; 10] = [
    &THESSALONIKI,
    &AMSTERDAM,
    &GOTHENBURG,
    &TOKYO,
    &LONDON,
    &ATHENS,
    &STOCKHOLM,
    &NEW_YORK,
    &SINGAPORE,
    &AMSTERDAM,
];

/// The city of store number `index`.
#[must_use]
pub fn city_of(index: usize) -> &'static City {
    FIRST
        .get(index)
        .copied()
        .unwrap_or_else(|| TURN[(index - FIRST.len()) % TURN.len()])
}

/// The zone of the Viametrics account.
#[must_use]
pub fn nordic_zone() -> Tz {
    STOCKHOLM.zone
}

/// The city in which the fleet and the hotel are.
#[must_use]
pub fn home() -> &'static City {
    &ATHENS
}

/// All currencies in use, with the minor units of one unit.
pub const CURRENCIES: [(&str, u32); 6] = [
    ("EUR", 100),
    ("GBP", 100),
    ("JPY", 1),
    ("SEK", 100),
    ("SGD", 100),
    ("USD", 100),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_cities_share_a_place_and_every_currency_has_a_scale() {
        let mut seen = BTreeSet::new();
        let mut cities = BTreeSet::new();
        for city in FIRST.into_iter().chain(TURN) {
            if !cities.insert(city.name) {
                continue;
            }
            assert!(city.places.iter().all(|place| seen.insert(*place)));
            assert!(CURRENCIES.iter().any(|(code, _)| *code == city.currency));
        }
    }

    #[test]
    fn counters_of_one_account_share_one_wall_clock() {
        for city in FIRST.into_iter().chain(TURN) {
            if city.network == Network::Viametrics {
                assert_eq!(city.zone, nordic_zone());
            }
        }
    }
}
