-- Devices that were ever seen. `facts` is JSON, as the vendor described the device last.
CREATE TABLE device (
    id    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL UNIQUE,
    facts TEXT
) STRICT;

-- One row per measured fact. `value` is an integer or a real number exactly as it came, people in
-- for a flow, and NULL for a sale without a price; `out` is people out, for flows only. Instants
-- are Unix seconds. `fetched` is when this value was first seen, `revised` is 1 when it replaced
-- another value then.
CREATE TABLE reading (
    start    INTEGER NOT NULL,
    device   INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    item     INTEGER NOT NULL,
    span_s   INTEGER NOT NULL,
    value    ANY,
    out      INTEGER,
    fetched  INTEGER NOT NULL,
    revised  INTEGER NOT NULL,
    PRIMARY KEY (start, device, quantity, item)
) STRICT, WITHOUT ROWID;

-- The way back from an instant to the last value before it, for the few quantities that live on
-- from day to day (2, 3, 4 and 5). An index would be asked about every people count too, and
-- would double the cost of a poll.
CREATE TABLE level (
    device   INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    start    INTEGER NOT NULL,
    PRIMARY KEY (device, quantity, start)
) STRICT, WITHOUT ROWID;

-- The newest instant of each device and quantity: what stands behind it is certainly new.
CREATE TABLE newest (
    device   INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    start    INTEGER NOT NULL,
    PRIMARY KEY (device, quantity)
) STRICT, WITHOUT ROWID;

-- Values that were replaced. `at` is Unix milliseconds.
CREATE TABLE revision (
    start     INTEGER NOT NULL,
    device    INTEGER NOT NULL,
    quantity  INTEGER NOT NULL,
    item      INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    old_value ANY,
    old_out   INTEGER,
    new_value ANY,
    new_out   INTEGER,
    PRIMARY KEY (start, device, quantity, item, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE source (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- Every attempt to read a source. `started` is Unix milliseconds, `rows` is NULL when nothing
-- usable came, `error` is JSON.
CREATE TABLE attempt (
    id       INTEGER PRIMARY KEY,
    source   INTEGER NOT NULL,
    started  INTEGER NOT NULL,
    took_ms  INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    rows     INTEGER,
    rejected INTEGER NOT NULL,
    revised  INTEGER NOT NULL,
    news     INTEGER NOT NULL,
    error    TEXT
) STRICT;

CREATE INDEX attempt_source ON attempt (source);

-- What was learned about a source or a store, as JSON.
CREATE TABLE memory (
    owner TEXT NOT NULL,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
