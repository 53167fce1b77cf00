-- The way from a machine to its sales, with the instants they became known: a start asks when each
-- machine sold, and would else read every people count on the way.
CREATE INDEX sale ON reading (device, start, fetched) WHERE quantity >= 100;
