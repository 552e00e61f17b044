//! Claims as fans ask for them: from the tables where a lane rests, else from published state.

use super::read;
use crate::app::{App, ColdSide};
use crate::drops::drop::Drop;
use crate::drops::gate;
use crate::kit::problem::Problem;
use fanfare_engine::{Claim, Fan, Place};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The tables, if they are to be asked about this drop: its state is not in memory.
fn at_rest<'a>(app: &'a App, drop: &Drop) -> Option<&'a ColdSide> {
    let side = app.cold.as_ref()?;
    drop.published.read(app.now_ms(), |_| ()).is_none().then_some(side)
}

/// A fan's claims in these drops, by drop, newest first. Drops in which nobody claimed anything
/// are not asked: a rest is not disturbed for nothing.
pub async fn claims_of(
    app: &App,
    fan: Fan,
    mut drops: Vec<Arc<Drop>>,
) -> Result<Vec<(Arc<Drop>, Claim)>, Problem> {
    drops.retain(|drop| drop.published.front().face.claims > 0);
    let resting: Vec<_> =
        drops.iter().filter(|drop| at_rest(app, drop).is_some()).cloned().collect();
    let mut known = match &app.cold {
        Some(side) if !resting.is_empty() => read::claims_of(side, fan, &resting).await,
        _ => BTreeMap::new(),
    };
    let mut own = Vec::new();
    for drop in drops {
        let claims = match known.remove(&drop.lane) {
            Some(claims) => claims,
            None => gate::read(app, &drop, |state| state.claims_of(fan).collect()).await?,
        };
        own.extend(claims.into_iter().map(|claim| (drop.clone(), claim)));
    }
    Ok(own)
}

/// The claim at a place of a drop, if there is one there.
pub async fn claim_at(app: &App, drop: &Arc<Drop>, place: Place) -> Result<Option<Claim>, Problem> {
    let known = match at_rest(app, drop) {
        // Boxed, for a settlement of a claim in memory would otherwise carry a query's future.
        Some(side) => Box::pin(read::claim_at(side, drop, place)).await,
        None => None,
    };
    match known {
        Some(claim) => Ok(claim),
        None => gate::read(app, drop, |state| state.claim_at(place)).await,
    }
}
