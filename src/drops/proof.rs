//! The published proof of a drop: totals per item, the journal's newest head, the key; and where
//! the lane rests, the receipt of the fact that closed its books.

use super::drop::Drop;
use super::head::{head_json, seal_json};
use super::receipts::receipt_json;
use crate::app::App;
use crate::kit::hex;
use fanfare_engine::Fact;
use serde_json::{Value, json};

/// The proof as JSON. Blocks: it may read a row.
///
/// # Errors
/// If the journal cannot be read.
pub fn of_drop(app: &App, drop: &Drop) -> Result<Value, String> {
    let front = drop.published.front();
    let face = &front.face;
    let total = |(name, stock): (&super::spec::LineName, &fanfare_engine::Stock)| {
        json!({
            "item": name.item, "variant": name.variant, "issued": stock.issued,
            "free": stock.free, "set_aside": stock.set_aside,
            "held": stock.held, "settled": stock.settled,
        })
    };
    let totals: Vec<Value> = drop.spec.lines.iter().zip(&face.lines).map(total).collect();
    let sealed = &front.head.sealed;
    let mut head = head_json(sealed);
    if let Value::Object(head) = &mut head {
        head.insert("row".to_owned(), hex::base64(&sealed.row.header.to_bytes()).into());
        head.extend(seal_json(&sealed.seal).into_iter().map(|(name, v)| (name.to_owned(), v)));
    }
    // A lane at rest may have been sealed with a key that signs no more.
    let (festival, key) = (app.festival.id().as_str(), app.node.keys.named(&sealed.seal.key));
    let facts = sealed.row.read_facts().map_err(|why| why.to_string())?;
    let rested = matches!(facts.last(), Some(Fact::Rested(_)));
    let last = facts.len().saturating_sub(1);
    let books = if rested { receipt_json(festival, key, sealed, last).ok() } else { None };
    Ok(json!({
        "version": 1,
        "kind": "proof",
        "festival": festival,
        "drop": drop.spec.id,
        "lane": drop.lane,
        "claims": face.claims,
        "totals": totals,
        "head": head,
        "books": books,
        "public_key": hex::hex(&key.0),
    }))
}
