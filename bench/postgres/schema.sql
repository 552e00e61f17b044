-- One item and its claims. Nothing refers to anything: a foreign key would cost a lock a claim.
CREATE TABLE item (
    id bigint PRIMARY KEY,
    free bigint NOT NULL CHECK (free >= 0),
    last bigint NOT NULL
) WITH (fillfactor = 10);
CREATE TABLE claim (
    item bigint NOT NULL,
    fan bigint NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (item, fan)
);
INSERT INTO item VALUES (1, 0, 0);
