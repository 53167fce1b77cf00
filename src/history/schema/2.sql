-- Seconds of the interval for which counts had arrived, where a row is a sum of finer ones; NULL
-- for a row as it came, which covers its interval.
ALTER TABLE reading ADD COLUMN covered_s INTEGER;

-- When the old value first came (Unix seconds), to tell what was known at an instant; NULL for
-- revisions of earlier releases.
ALTER TABLE revision ADD COLUMN old_fetched INTEGER;

-- The stretch that an attempt delivered without holes (Unix seconds), for feeds that leave out
-- intervals in which nobody passed; NULL where it delivered no such stretch.
ALTER TABLE attempt ADD COLUMN complete_from INTEGER;
ALTER TABLE attempt ADD COLUMN complete_to INTEGER;

CREATE INDEX attempt_started ON attempt (started);

-- How far old readings have been rolled up: what stood before `before` is coarse by `cell_s`.
CREATE TABLE rollup (
    cell_s INTEGER PRIMARY KEY,
    before INTEGER NOT NULL
) STRICT;
