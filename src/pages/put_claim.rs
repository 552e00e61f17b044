//! `POST /drops/{drop}/claims`: a claim by form. A stranger enters as a guest with the same tap.

use super::fault::Fault;
use super::form::Posted;
use super::named::Named;
use super::visit::Visit;
use crate::drops::answers;
use crate::drops::drop::Drop;
use crate::drops::gate::{self, ClaimAsk, Claimed, KEY_BYTES_MAX};
use crate::kit::problem::Problem;
use axum::response::Response;
use fanfare_engine::{Fan, Quantity, Refusal};
use serde::Deserialize;
use std::sync::Arc;

/// What the form says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimForm {
    line: String,
    #[serde(default)]
    quantity: Option<String>,
    key: String,
    #[serde(default)]
    guest: Option<String>,
}

/// `POST /drops/{drop}/claims`.
pub async fn put_claim(Named(id): Named<String>, posted: Posted<ClaimForm>) -> Response {
    let Posted { mut visit, form } = posted;
    match put(&mut visit, &id, &form).await {
        Ok(to) => visit.go(&to),
        Err(fault) if fault.retry_after_s.is_some() => {
            visit.fault(fault.again(format!("/drops/{id}/claims"), form.again()))
        }
        Err(fault) => visit.fault(fault),
    }
}

/// Puts the claim; says where the fan goes on.
async fn put(visit: &mut Visit, id: &str, form: &ClaimForm) -> Result<String, Fault> {
    let drop = gate::drop_named(&visit.app, id)?;
    let fan = visit.enter(form.guest.as_deref())?.fan;
    let ask = form.read(visit, &drop, fan)?;
    let claim =
        match gate::claim(&visit.app, &*visit.app.node, &drop, &ask, visit.app.now_ms()).await {
            Claimed::Made(claim, _) => {
                visit.app.metrics.claims.inc();
                claim
            }
            Claimed::Repeated(claim) => {
                visit.app.metrics.repeats.inc();
                claim
            }
            Claimed::Refused(refusal) | Claimed::AtGate(refusal, _) => {
                return refused(visit, &drop, &refusal);
            }
            Claimed::Problem(problem) => return Err(problem.into()),
        };
    Ok(format!("/claims/{}", answers::claim_id(drop.lane, claim.place)))
}

/// Back to the drop, whose page says why.
fn refused(visit: &Visit, drop: &Arc<Drop>, refusal: &Refusal) -> Result<String, Fault> {
    let code = match refusal {
        Refusal::SoldOut { .. } if drop.published.front().face.free() > 0 => "taken",
        Refusal::SoldOut { .. }
        | Refusal::LimitReached
        | Refusal::NotOpen { .. }
        | Refusal::Paused
        | Refusal::Closed => refusal.code(),
        _ => return Err(answers::refusal_problem(refusal).into()),
    };
    visit.app.metrics.refused(refusal.code());
    Ok(format!("/drops/{}?told={code}", drop.spec.id))
}

impl ClaimForm {
    /// Checks the form against the drop.
    fn read(&self, visit: &Visit, drop: &Drop, fan: Fan) -> Result<ClaimAsk, Problem> {
        let (item, variant) = match self.line.split_once('/') {
            Some((item, variant)) => (item, Some(variant)),
            None => (self.line.as_str(), None),
        };
        let line = gate::line_named(drop, item, variant)?;
        let quantity = self.quantity.as_deref().unwrap_or("1");
        let quantity = quantity.parse::<Quantity>();
        let quantity = quantity.map_err(|_| Problem::invalid("quantity", "a whole number"))?;
        if self.key.is_empty() || self.key.len() > KEY_BYTES_MAX {
            return Err(Problem::invalid("key", "use 1 to 64 bytes"));
        }
        // Whoever goes back and chooses something else means another claim.
        let key = format!("page {} {} {quantity}", self.key, self.line);
        let key = Some(visit.app.node.tokens.key_of(key.as_bytes()));
        Ok(ClaimAsk { fan, line, quantity, key })
    }

    fn again(self) -> Vec<(&'static str, String)> {
        let fields = [("line", Some(self.line)), ("quantity", self.quantity)];
        let more = [("key", Some(self.key)), ("guest", self.guest)];
        let all = fields.into_iter().chain(more);
        all.filter_map(|(name, value)| value.map(|value| (name, value))).collect()
    }
}
