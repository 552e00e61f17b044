//! Whether the databases let as many connections in as all nodes may need.

use super::Report;
use crate::app::RECALLS_MAX;
use crate::drops::receipts::READERS_MAX;
use crate::drops::wake::REPLAYS_MAX;
use crate::kit::data::DataFolder;
use crate::kit::database::Database;
use crate::kit::db::{Cold, DbError, POSTGRES_CONNECTIONS, Side};
use sqlx::PgPool;
use std::collections::BTreeMap;

/// Connections a node has to a journal at most: who appends, who renews leases, who makes the
/// tables; those that read for requests; those that replay; three while a drop is made or a silent
/// journal's lanes open.
const A_JOURNAL: u64 = (3 + READERS_MAX + RECALLS_MAX + REPLAYS_MAX + 3) as u64;

/// Commands beside the nodes: a backup and `verify`, say.
const BESIDE: u64 = 10;

fn is_url(database: &Database) -> bool {
    matches!(database, Database::Url(_))
}

/// Names servers that let fewer in than all nodes may need.
pub(super) fn look(folder: &DataFolder, tables: &Database, report: &mut Report) {
    let journals: Vec<Database> = folder.journals().databases().collect();
    let mut servers: BTreeMap<String, (Database, u64)> = BTreeMap::new();
    let each = journals.iter().map(|journal| (journal, A_JOURNAL));
    for (database, most) in each.chain([(tables, u64::from(POSTGRES_CONNECTIONS))]) {
        if is_url(database) {
            let shown = database.shown();
            let server = shown.split(['/', '?']).next().unwrap_or_default().to_owned();
            servers.entry(server).or_insert_with(|| (database.clone(), 0)).1 += most;
        }
    }
    let nodes = journals.first().filter(|first| is_url(first));
    let nodes = nodes.and_then(|first| asked(first, number_of_nodes));
    for (server, (database, a_node)) in servers {
        let Some(most) = asked(&database, most_connections) else { continue };
        few(&server, (most, a_node, nodes.unwrap_or(0).max(1)), report);
    }
}

fn few(server: &str, (most, a_node, nodes): (u64, u64, u64), report: &mut Report) {
    let need = a_node * nodes + BESIDE;
    if most < need {
        let what = format!(
            "PostgreSQL at {server} lets {most} connections in; {nodes} nodes may have {a_node} \
             each, and commands beside them {BESIDE}"
        );
        report.warns("connections_few", what, &format!("set max_connections to {need} or more"));
    }
}

fn asked<R, F>(database: &Database, ask: impl FnOnce(PgPool) -> F) -> Option<R>
where
    R: Send + 'static,
    F: Future<Output = Result<R, sqlx::Error>> + Send + 'static,
{
    // Of several that stand in for each other any will do.
    let hosts = database.each_host().into_iter().map(Database::Url);
    let side = hosts.into_iter().find_map(|host| Cold::look(&host).ok())?;
    let Side::Postgres(pool) = side.db().read().clone() else { return None };
    let asking = ask(pool);
    side.wait(async move { asking.await.map_err(DbError::from) }).ok()
}

/// Those for everybody; the last few are the superusers'.
async fn most_connections(pool: PgPool) -> Result<u64, sqlx::Error> {
    let sql = "SELECT current_setting('max_connections')::BIGINT
        - current_setting('superuser_reserved_connections')::BIGINT";
    let (most,): (i64,) = sqlx::query_as(sql).fetch_one(&pool).await?;
    Ok(most.unsigned_abs())
}

async fn number_of_nodes(pool: PgPool) -> Result<u64, sqlx::Error> {
    let (nodes,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM nodes").fetch_one(&pool).await?;
    Ok(nodes.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_lets_too_few_in_is_named() {
        let codes = |most, a_node, nodes| {
            let mut report = Report::default();
            few("db.example", (most, a_node, nodes), &mut report);
            report.wrong.iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        // As docs/operate/three-nodes.md counts them.
        assert_eq!((A_JOURNAL, POSTGRES_CONNECTIONS), (14, 8));
        assert!(codes(97, 14 + 8, 3).is_empty());
        assert_eq!(codes(97, 2 * 14 + 8, 3), ["connections_few"]);
    }
}
