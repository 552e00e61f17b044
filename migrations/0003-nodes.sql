-- Keys all nodes of a festival use, each wrapped by the secret the operator gave every node. What
-- stands here says nothing without that secret.
CREATE TABLE festival_keys (
    name TEXT NOT NULL PRIMARY KEY,
    wrapped BYTEA NOT NULL
);
