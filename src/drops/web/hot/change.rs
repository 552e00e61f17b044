//! What becomes of a claim, where a crowd says so: it is paid, or given back. Each winner of a drop
//! comes here once. What is not as it mostly is, and every refusal that needs no lane, is the
//! router's (`api::settle`, `api::release`).

use super::{JSON, Looked, Place, What, api, refused_here};
use crate::app::App;
use crate::drops::answers;
use crate::drops::drop::Drop;
use crate::drops::gate;
use crate::kit::serve::{Fields as _, Head, Reply};
use crate::kit::token::Role;
use axum::http::{StatusCode, header};
use fanfare_engine::Command;
use fanfare_lane::Reply as Decided;

/// Looks at a claim that is to change: none where the router is to answer, whom nothing was
/// counted against yet.
pub(super) fn look(app: &App, (place, head): (Place, &Head<'_>)) -> Option<Looked> {
    // A cookie comes along whoever's page it is that asks, which is looked at elsewhere.
    head.first(&header::AUTHORIZATION)?;
    let now_ms = app.now_ms();
    let session = gate::signed(app, head).ok().filter(|session| !session.over(now_ms))?;
    let (lane, at) = answers::parse_claim_id(place.id(head.target))?;
    let drop = app.node.directory().of_lane(lane)?.clone();
    let claim =
        drop.answers_now().then(|| drop.published.read(now_ms, |is| is.claim_at(at)))???;
    let (own, role) = (claim.fan == session.fan, session.role);
    let command = match place.what {
        What::Settlement if role >= Role::Cashier || own && app.mode.pretends() => {
            Command::Settle { number: claim.number }
        }
        What::Release if own => Command::Release { number: claim.number },
        _ => return None,
    };
    Some(match gate::counted(app, &session, now_ms) {
        Ok(()) => Looked::Changes(drop, command),
        Err(problem) => Looked::Answered(refused_here(app, &problem)),
    })
}

/// What the lane made of it.
pub(super) fn made(app: &App, drop: &Drop, decided: &Decided) -> Reply {
    match decided {
        Decided::Claim { claim, .. } => {
            Reply::new(StatusCode::OK, JSON, answers::claim_json(drop, claim, None))
        }
        other => refused_here(app, &api::not_done(drop, other)),
    }
}
