-- The item's row is locked, then the claim is inserted if there is none of this fan, and the row is
-- moved on if it was. Who holds one already would be asked for by one statement more.
\set n :n + 1
\set fan :client_id * 1000000000000 + :n
BEGIN;
SELECT free, last FROM item WHERE id = 1 FOR UPDATE \gset
\if :free > 0
WITH made AS (
    INSERT INTO claim (item, fan, number) VALUES (1, :fan, :last::bigint + 1)
    ON CONFLICT DO NOTHING RETURNING number
)
UPDATE item SET free = free - 1, last = last + 1
WHERE id = 1 AND EXISTS (SELECT FROM made)
RETURNING last;
\endif
COMMIT;
