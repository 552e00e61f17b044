-- One statement: the atomic UPDATE takes a unit and the next number, the insert keeps who holds it,
-- and who holds one already hears its number. Two requests of one fan at the same moment: the
-- second breaks the key, which gives its unit back.
\set n :n + 1
\set fan :client_id * 1000000000000 + :n
WITH held AS (
    SELECT number FROM claim WHERE item = 1 AND fan = :fan
), taken AS (
    UPDATE item SET free = free - 1, last = last + 1
    WHERE id = 1 AND free > 0 AND NOT EXISTS (SELECT FROM held)
    RETURNING last
), made AS (
    INSERT INTO claim (item, fan, number) SELECT 1, :fan, last FROM taken RETURNING number
)
SELECT number FROM held UNION ALL SELECT number FROM made;
