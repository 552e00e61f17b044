-- One transaction takes a batch of fans, made by the server itself: none is sent and none answered.
-- A batch with a fan who holds one already breaks the key and fails whole; whoever collects the
-- batches would then ask one by one. Nobody asks twice here.
\set first :n * :batch + :client_id * 1000000000000 + 1
\set n :n + 1
BEGIN;
SELECT free, last FROM item WHERE id = 1 FOR UPDATE \gset
\set most least(:free, :batch)
WITH made AS (
    INSERT INTO claim (item, fan, number)
    SELECT 1, :first::bigint + place, :last::bigint + 1 + place
    FROM generate_series(0, :most::bigint - 1) AS place
    RETURNING number
)
UPDATE item SET free = free - given, last = last + given
FROM (SELECT count(*) AS given FROM made) AS counted WHERE id = 1
RETURNING last;
COMMIT;
