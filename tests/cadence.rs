//! The promise of `docs/cadence.md`, on the table that `cargo run --example cadence` prints.

#[path = "../examples/cadence.rs"]
#[allow(dead_code, reason = "the printing is not tested")]
mod bench;

/// Half the extra age of fixed polling with the same requests, on every profile; and within half
/// a minute of polling every minute, with a tenth of its requests.
#[test]
fn learned_polls_keep_their_promise() {
    let table = bench::table();
    assert!(table.len() >= 8);
    for row in table {
        let name = row.name;
        let (learned, fixed, minute) = (&row.learned, &row.fixed, &row.minute);
        let same = (learned.per_hour - fixed.per_hour).abs();
        assert!(same < 0.1, "{name}: compared with {}", fixed.per_hour);
        assert!(
            learned.mean_s < fixed.mean_s / 2.0,
            "{name}: {learned:?} {fixed:?}"
        );
        assert!(
            learned.per_hour <= minute.per_hour / 10.0,
            "{name}: {learned:?}"
        );
        if name != bench::WILD {
            assert!(
                learned.mean_s <= minute.mean_s + 30.0,
                "{name}: {learned:?} {minute:?}"
            );
        }
    }
}
