-- What happened: incidents with their duration, and events without. `start` and `ended` are Unix
-- seconds, `ended` is NULL while an incident lasts. `what` is JSON. Numbers grow with time.
CREATE TABLE event (
    id    INTEGER PRIMARY KEY,
    start INTEGER NOT NULL,
    ended INTEGER,
    what  TEXT NOT NULL
) STRICT;

CREATE INDEX event_open ON event (id) WHERE ended IS NULL;
