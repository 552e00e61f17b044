-- Whose database this is; one row.
CREATE TABLE house (
    festival TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('festival', 'rehearsal')),
    made_at_ms BIGINT NOT NULL
);

-- What somebody did, written with what it changed. Ids rise with time.
CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    subject TEXT NOT NULL,
    data TEXT NOT NULL
);

CREATE INDEX events_of_subject ON events (subject, id);

-- A lane as its facts add up. When it sold out is known once it rests.
CREATE TABLE drops (
    lane BIGINT NOT NULL PRIMARY KEY CHECK (lane > 0),
    drop_id TEXT NOT NULL UNIQUE,
    opens_at_ms BIGINT NOT NULL,
    closes_at_ms BIGINT NOT NULL,
    hold_s BIGINT NOT NULL,
    limit_units BIGINT NOT NULL,
    claims BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    paused BOOLEAN NOT NULL,
    closed_at_ms BIGINT,
    sold_out_at_ms BIGINT,
    resting BOOLEAN NOT NULL
);

-- A lane's stock; free is what is left of issued.
CREATE TABLE drop_lines (
    lane BIGINT NOT NULL REFERENCES drops (lane),
    line BIGINT NOT NULL,
    line_id BIGINT NOT NULL,
    price_minor BIGINT NOT NULL,
    issued BIGINT NOT NULL,
    set_aside BIGINT NOT NULL CHECK (set_aside >= 0),
    reserve BIGINT NOT NULL CHECK (reserve >= 0 AND reserve <= set_aside),
    held BIGINT NOT NULL CHECK (held >= 0),
    settled BIGINT NOT NULL CHECK (settled >= 0),
    PRIMARY KEY (lane, line),
    CHECK (issued >= set_aside + held + settled)
);

-- A claim, and how many facts made it what it is. No reference to drops: it would be asked for
-- every claim of a rush.
CREATE TABLE claims (
    lane BIGINT NOT NULL,
    number BIGINT NOT NULL,
    fan BIGINT NOT NULL,
    line BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('held', 'settled', 'expired', 'released', 'returned', 'refund_due')),
    until_s BIGINT NOT NULL,
    request_key BIGINT,
    seq BIGINT NOT NULL,
    place BIGINT NOT NULL,
    made_at_ms BIGINT NOT NULL,
    changed_at_ms BIGINT NOT NULL,
    facts BIGINT NOT NULL,
    PRIMARY KEY (lane, number)
);

CREATE UNIQUE INDEX claims_at_place ON claims (lane, seq, place);

CREATE INDEX claims_of_fan ON claims (fan, lane, number);

-- Units set aside for a fan.
CREATE TABLE rights (
    lane BIGINT NOT NULL,
    number BIGINT NOT NULL,
    fan BIGINT NOT NULL,
    line BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    until_s BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'used', 'lapsed')),
    PRIMARY KEY (lane, number)
);

-- How far each lane's rows have become rows here: written with them.
CREATE TABLE cursors (
    lane BIGINT NOT NULL PRIMARY KEY REFERENCES drops (lane),
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    at_ms BIGINT NOT NULL
);
