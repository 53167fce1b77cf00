//! The tables, and how an older file becomes a newer one.
//!
//! A step that was released is never edited: a change is a new step at the end of [`STEPS`]. The
//! version of a file is the number of steps it has taken (`PRAGMA user_version`).

use rusqlite::{Connection, TransactionBehavior};

use super::error::HistoryError;

/// Marks a file as ours, so that another program's database is never touched.
pub(super) const APPLICATION_ID: i64 = 0x6f63_6374;

/// The steps from an empty file to the present format.
pub(super) const STEPS: &[&str] = &[
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
];

/// What a file says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Whose file it is.
    pub application_id: i64,
    /// Steps it has taken.
    pub version: i64,
}

/// The newest format this release knows.
pub(super) fn newest() -> i64 {
    version(STEPS)
}

/// Reads what a file says about itself.
///
/// # Errors
/// `Damaged` when it is no database at all or its size does not fit its header.
pub(super) fn stamp(connection: &Connection) -> Result<Stamp, HistoryError> {
    // Reading the list of tables makes SQLite look at the header, the size and the first page.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok(Stamp {
        application_id: pragma("application_id")?,
        version: pragma("user_version")?,
    })
}

/// Takes the steps that a file has not taken yet, all or none.
///
/// # Errors
/// Any failure of the database; the file is then as it was.
pub(super) fn migrate(connection: &mut Connection, steps: &[&str]) -> Result<(), HistoryError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let taken: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let rest = usize::try_from(taken).ok().and_then(|at| steps.get(at..));
    let Some(rest) = rest.filter(|rest| !rest.is_empty()) else {
        return Ok(());
    };
    for step in rest {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", version(steps))?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    Ok(transaction.commit()?)
}

fn version(steps: &[&str]) -> i64 {
    i64::try_from(steps.len()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(connection: &Connection) -> Vec<String> {
        let mut statement = connection
            .prepare("SELECT name FROM sqlite_schema ORDER BY name")
            .unwrap();
        let names = statement.query_map([], |row| row.get(0)).unwrap();
        names.map(Result::unwrap).collect()
    }

    #[test]
    fn an_older_file_takes_only_the_steps_it_lacks_and_keeps_its_rows() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, STEPS).unwrap();
        connection
            .execute("INSERT INTO device (name) VALUES ('opap/1')", [])
            .unwrap();
        let next = "ALTER TABLE device ADD COLUMN colour TEXT; UPDATE device SET colour = 'red';";
        let steps: Vec<_> = STEPS.iter().copied().chain([next]).collect();
        migrate(&mut connection, &steps).unwrap();
        migrate(&mut connection, &steps).unwrap();
        let colour: String = connection
            .query_row("SELECT colour FROM device", [], |row| row.get(0))
            .unwrap();
        assert_eq!(colour, "red");
        assert_eq!(stamp(&connection).unwrap().version, newest() + 1);
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, STEPS).unwrap();
        let before = (names(&connection), stamp(&connection).unwrap());
        let steps: Vec<_> = STEPS
            .iter()
            .copied()
            .chain(["CREATE TABLE extra (a)", "CREATE TABLE device (a)"])
            .collect();
        assert!(migrate(&mut connection, &steps).is_err());
        assert_eq!((names(&connection), stamp(&connection).unwrap()), before);
    }
}
