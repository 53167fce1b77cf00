PRAGMA application_id = 1868784500;
PRAGMA user_version = 1;
CREATE TABLE device (
    id    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL UNIQUE,
    facts TEXT
) STRICT;

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

CREATE TABLE level (
    device   INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    start    INTEGER NOT NULL,
    PRIMARY KEY (device, quantity, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE newest (
    device   INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    start    INTEGER NOT NULL,
    PRIMARY KEY (device, quantity)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE memory (
    owner TEXT NOT NULL,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;

INSERT INTO device VALUES
    (1, 'opap/0041', '{"name":"Ermou","timezone":null,"detail":{"kind":"people_counter","interval_s":60,"group":null}}'),
    (2, 'fleet/11', NULL);
INSERT INTO source VALUES (1, 'opap'), (2, 'fleet');
INSERT INTO reading VALUES
    (1772438400, 1, 0, 0, 60, 9, 4, 1772438520, 1),
    (1772438400, 2, 3, 0, 0, 20854.42, NULL, 1772438520, 0),
    (1772438460, 1, 0, 0, 60, 2, 0, 1772438520, 0);
INSERT INTO level VALUES (2, 3, 1772438400);
INSERT INTO newest VALUES (1, 0, 1772438460), (2, 3, 1772438400);
INSERT INTO revision VALUES (1772438400, 1, 0, 0, 1772438520000, 8, 4, 9, 4);
INSERT INTO attempt VALUES
    (1, 1, 1772438460000, 84, 3, 1, 0, 0, 1, NULL),
    (2, 2, 1772438520000, 90, 1, 1, 0, 0, 1, NULL),
    (3, 1, 1772438520000, 80, 1, 2, 0, 1, 2, NULL);
INSERT INTO memory VALUES ('opap', 'lag', '180');
