//! What only a rehearsal's server does: a drop of the file opens when its turn comes.

use super::api::{Shared, fresh};
use super::body;
use crate::app::Mode;
use crate::drops::gate;
use crate::festivals::Id;
use crate::kit::problem::Problem;
use crate::rehearsal::shifted;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

/// When a drop opens, and how long it holds claims.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TurnBody {
    /// When it opens, ms since 1970.
    pub opens_at_ms: i64,
    /// Seconds a claim is held, instead of the file's.
    #[serde(default)]
    pub hold_s: Option<u32>,
}

/// Makes a drop of the file, to open at this moment. A drop held before gets a further round.
#[utoipa::path(post, path = "/api/v1/rehearsal/drops/{drop}", params(("drop" = String, Path)),
    request_body = TurnBody,
    responses((status = 200, description = "drop, opens_at_ms"),
        (status = 404, description = "not_found, where the server is no rehearsal's")))]
pub async fn turn(
    State(app): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    if app.mode != Mode::Rehearsal {
        return Err(Problem::new("not_found"));
    }
    gate::session(&app, &headers)?;
    body::require_json(&headers)?;
    let asked: TurnBody = body::parse(&body::read_whole(body).await?)?;
    let plan = Id::new(&id).and_then(|id| app.festival.drop(&id).cloned());
    let plan = plan.ok_or_else(|| Problem::new("no_such_drop"))?;
    let mut spec = shifted(&app.festival, &plan, asked.opens_at_ms, asked.hold_s);
    let directory = app.node.directory();
    let mut round = 1;
    while directory.named(&spec.id).is_some() || directory.shut_named(&spec.id).is_some() {
        round += 1;
        spec.id = format!("{id}-r{round}");
    }
    let (node, made) = (app.node.clone(), spec.id.clone());
    let added = tokio::task::spawn_blocking(move || node.add_drops(vec![spec])).await;
    match added {
        Ok(Ok(())) => Ok(fresh(&json!({ "drop": made, "opens_at_ms": asked.opens_at_ms }))),
        other => {
            tracing::error!(?other, "a turn cannot be made");
            Err(Problem::new("busy"))
        }
    }
}
