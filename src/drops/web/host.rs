//! What hosts do over the API: pause, resume, restock, withdraw, close. Each says why, and is done
//! once however often it is asked with its key.

use super::api::{Shared, fresh, not_done};
use super::body::{self, ActBody, Units};
use super::hot;
use crate::app::App;
use crate::drops::answers;
use crate::drops::drop::Drop;
use crate::drops::gate;
use crate::kit::hex::hex;
use crate::kit::problem::Problem;
use crate::kit::token::Role;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use fanfare_engine::{Act, Command, Fan, Line, Refusal};
use fanfare_lane::Reply;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// Most characters a reason may have.
const WHY_CHARS_MAX: usize = 500;

/// What `unsure` says to whoever sent no key.
const UNSURE_WITHOUT_KEY: &str = "It may have been done. Ask the same again with this \
                                  Idempotency-Key: the answer will be true.";

/// A host's act on a drop, as the path names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// No new claims.
    Pause,
    /// Claims again.
    Resumption,
    /// More units.
    Restock,
    /// Fewer units.
    Withdrawal,
    /// The end.
    Closing,
}

/// What one act is known by, from its first asking to its last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActKey(Vec<u8>);

impl ActKey {
    /// A key that was sent.
    ///
    /// # Errors
    /// If it is empty or longer than a key may be.
    pub fn sent(text: &[u8]) -> Result<Self, Problem> {
        if (1..=gate::KEY_BYTES_MAX).contains(&text.len()) {
            return Ok(Self(text.to_owned()));
        }
        Err(Problem::invalid("Idempotency-Key", "use 1 to 64 bytes"))
    }

    /// A key for an act that came without one: nobody has it yet.
    ///
    /// # Errors
    /// If the machine has no randomness.
    pub fn fresh() -> Result<Self, Problem> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|why| {
            tracing::error!(%why, "no randomness");
            Problem::new("busy")
        })?;
        Ok(Self(hex(&bytes).into_bytes()))
    }

    /// As text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    /// An answer to an act whose key the caller does not know: where it is not known what came of
    /// it, the key is told, for without it the same would be done again.
    fn told(&self, mut problem: Problem) -> Problem {
        if problem.code == "unsure" {
            UNSURE_WITHOUT_KEY.clone_into(&mut problem.title);
            return problem.with("idempotency_key", self.text());
        }
        problem
    }
}

/// The number a reason's words are known by in the journal.
pub fn reason_number(words: &str) -> u64 {
    let hash: [u8; 32] = Sha256::digest(words.as_bytes()).into();
    hash.iter().take(8).fold(0, |number, &byte| number << 8 | u64::from(byte))
}

async fn act(
    app: Arc<App>,
    verb: Verb,
    id: String,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let session = gate::session(&app, &headers)?;
    gate::require(&session, Role::Host)?;
    let sent = hot::key_text(&headers)?.map(ActKey::sent).transpose()?;
    let drop = gate::drop_named(&app, &id)?;
    body::require_json(&headers)?;
    let bytes = body::read_whole(body).await?;
    let said: ActBody = body::parse(&bytes)?;
    match sent {
        Some(key) => done(&app, (session.fan, &key), verb, &drop, &said).await?,
        None => {
            let key = ActKey::fresh()?;
            let done = done(&app, (session.fan, &key), verb, &drop, &said).await;
            done.map_err(|problem| key.told(problem))?;
        }
    }
    Ok(fresh(&answers::drop_json(&drop, app.now_ms())))
}

/// Does it, if it was not done before, and keeps why.
///
/// # Errors
/// What is not right about it, or why the lane refused.
pub async fn done(
    app: &Arc<App>,
    by: (Fan, &ActKey),
    verb: Verb,
    drop: &Arc<Drop>,
    said: &ActBody,
) -> Result<(), Problem> {
    let why = said.why.trim();
    if why.is_empty() || why.chars().count() > WHY_CHARS_MAX {
        return Err(Problem::invalid("why", "say why, in 1 to 500 characters"));
    }
    let act = numbered(app, by, drop);
    let command = command(verb, drop, said, act)?;
    if !keep_reason(app, drop.home, (act.why, why.to_owned())).await? {
        // The key came before, with another reason: it is not the same act.
        return Err(not_done(drop, &Reply::Refused(Refusal::ActReused)));
    }
    // Who resumes confirms the time too, at the node that serves the drop (`confirm_time`).
    match gate::put(app, &*app.node, drop, command).await.reply {
        Reply::Acted => Ok(()),
        other => Err(not_done(drop, &other)),
    }
}

/// Whether this act was done, as far as anybody may know.
pub async fn stands(
    app: &Arc<App>,
    by: (Fan, &ActKey),
    verb: Verb,
    drop: &Arc<Drop>,
    said: &ActBody,
) -> bool {
    let Ok(command) = command(verb, drop, said, numbered(app, by, drop)) else { return false };
    gate::read(app, drop, |state| state.acts().has(&command) == Ok(true)).await.unwrap_or(false)
}

fn numbered(app: &App, (by, key): (Fan, &ActKey), drop: &Drop) -> Act {
    Act { by, why: app.node.tokens.act_of(by, drop.lane, &key.0) }
}

fn command(verb: Verb, drop: &Drop, said: &ActBody, act: Act) -> Result<Command, Problem> {
    Ok(match verb {
        Verb::Pause => Command::Pause(act),
        Verb::Resumption => Command::Resume(act),
        Verb::Closing => Command::Close(act),
        Verb::Restock => {
            let (line, units) = line_and_units(drop, said)?;
            Command::Restock { line, units, act }
        }
        Verb::Withdrawal => {
            let (line, units) = line_and_units(drop, said)?;
            Command::Withdraw { line, units, act }
        }
    })
}

fn line_and_units(drop: &Drop, said: &ActBody) -> Result<(Line, u32), Problem> {
    let item = match (&said.item, drop.spec.lines.as_slice()) {
        (Some(item), _) => item,
        (None, [only]) if only.variant.is_none() => &only.item,
        (None, _) => return Err(Problem::invalid("item", "name the item")),
    };
    let line = gate::line_named(drop, item, said.variant.as_deref())?;
    // However many too many: the lane says how many are possible.
    let units = match said.units {
        Units::Whole(units) if units > 0 => Some(u32::try_from(units).unwrap_or(u32::MAX)),
        _ => None,
    };
    let units = units.ok_or_else(|| Problem::invalid("units", "use a whole number from 1 on"))?;
    Ok((line, units))
}

/// The words are durable before the fact that names them by number. False if the number has others.
async fn keep_reason(
    app: &Arc<App>,
    home: usize,
    (number, words): (u64, String),
) -> Result<bool, Problem> {
    let node = app.node.clone();
    let kept = tokio::task::spawn_blocking(move || {
        node.with_writer(home, move |writer| writer.keep_reason(number, &words))
    });
    match kept.await {
        Ok(Ok(Ok(same))) => Ok(same),
        other => {
            tracing::error!(?other, "a reason cannot be kept");
            Err(Problem::new("busy"))
        }
    }
}

macro_rules! verb {
    ($name:ident, $path:literal, $verb:expr) => {
        /// A host's act; the path says which.
        #[utoipa::path(post, path = $path,
            params(("drop" = String, Path),
                ("Idempotency-Key" = Option<String>, Header,
                    description = "1 to 64 bytes; asked again with the same key it is not done \
                        again, whatever happened meanwhile")),
            request_body = ActBody,
            responses((status = 200, description = "The drop as it is then"),
                (status = 403, description = "not_allowed"),
                (status = 422, description = "invalid, with the number possible; key_reused: the \
                    key came before with another act, line, number of units or reason"),
                (status = 503, description = "busy: nothing was done; unsure: ask the same again \
                    with the same key, which stands in idempotency_key where none was sent")))]
        pub async fn $name(
            State(app): Shared,
            Path(id): Path<String>,
            headers: HeaderMap,
            body: Body,
        ) -> Result<Response, Problem> {
            act(app, $verb, id, headers, body).await
        }
    };
}

verb!(pause, "/api/v1/drops/{drop}/pause", Verb::Pause);
verb!(resumption, "/api/v1/drops/{drop}/resumption", Verb::Resumption);
verb!(restock, "/api/v1/drops/{drop}/restock", Verb::Restock);
verb!(withdrawal, "/api/v1/drops/{drop}/withdrawal", Verb::Withdrawal);
verb!(closing, "/api/v1/drops/{drop}/closing", Verb::Closing);
