-- People who can come back: a name, a password as argon2 left it, a role. A guest who becomes an
-- account keeps the fan number, and with it the claims.
CREATE TABLE accounts (
    fan BIGINT NOT NULL PRIMARY KEY CHECK (fan > 0),
    name TEXT NOT NULL UNIQUE,
    shown_name TEXT NOT NULL,
    password TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('fan', 'cashier', 'host', 'operator')),
    was_guest BOOLEAN NOT NULL,
    made_at_ms BIGINT NOT NULL
);

CREATE INDEX accounts_of_guests ON accounts (made_at_ms) WHERE was_guest;

-- Where somebody is signed in. Of the secret in the browser only a hash is kept.
CREATE TABLE sessions (
    number BIGINT NOT NULL PRIMARY KEY CHECK (number > 0),
    fan BIGINT NOT NULL REFERENCES accounts (fan),
    secret BYTEA NOT NULL UNIQUE,
    device TEXT NOT NULL,
    made_at_ms BIGINT NOT NULL,
    seen_at_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    ended_at_ms BIGINT
);

CREATE INDEX sessions_of_fan ON sessions (fan, seen_at_ms);

CREATE INDEX sessions_ended ON sessions (ended_at_ms) WHERE ended_at_ms IS NOT NULL;

-- The secret that makes the first host; used once.
CREATE TABLE host_secrets (
    secret BYTEA NOT NULL PRIMARY KEY,
    made_at_ms BIGINT NOT NULL
);
