-- Places rise with numbers, so the key finds a claim's place by halves, and every claim of a rush
-- is spared an index.
DROP INDEX claims_at_place;
