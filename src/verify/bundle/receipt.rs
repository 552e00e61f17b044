//! Receipts: the one a fan keeps, and the short one of a 201.

use super::fields::Fields;
use super::{Checked, Known, Place, PlacedFact};
use crate::drops::wake::festival_number;
use crate::kit::hex;
use crate::verify::report::{Fault, Promise, fault};
use fanfare_engine::{Fact, wire};
use fanfare_lane::{Header, PublicKey, Receipt, check_path, leaf_hash};

/// Whether the row is of the festival that is named.
pub(super) fn same_festival(fields: &Fields<'_>, header: &Header) -> Result<(), Fault> {
    let name = fields.text("festival")?;
    if festival_number(name) == header.festival {
        return Ok(());
    }
    Err(fields.wrong("festival", &format!("the row belongs to another festival than `{name}`")))
}

/// A receipt read and checked: its fact, and the receipt itself.
pub(super) fn checked(
    fields: &Fields<'_>,
    known: &Known<'_>,
) -> Result<(Fact, Receipt, bool), Fault> {
    fields.only(&["version", "kind", "festival", "fact", "place", "head", "public_key"])?;
    if (fields.number::<u64>("version")?, fields.text("kind")?) != (1, "receipt") {
        return Err(fields.wrong("kind", "a receipt of version 1 is expected"));
    }
    let key = PublicKey(fields.hex("public_key")?);
    let key_known = known.knows(&key)?;
    let (place, head) = (fields.object("place")?, fields.object("head")?);
    place.only(&["index", "count", "siblings"])?;
    head.only(&["row", "key", "signature", "path"])?;
    let receipt = Receipt {
        fact: fields.bytes("fact")?,
        index: place.number("index")?,
        count: place.number("count")?,
        path: place.siblings()?,
        header: head.header()?,
        seal: head.seal()?,
    };
    let fact = receipt.check(&key).map_err(|why| fault(Promise::Receipt, why.to_string()))?;
    same_festival(fields, &receipt.header)?;
    Ok((fact, receipt, key_known))
}

impl Place {
    /// Where a receipt says its fact stands.
    pub(super) fn of(receipt: Receipt) -> Self {
        let Receipt { fact, index, count, header, seal, .. } = receipt;
        let (festival, lane, seq) = (header.festival, header.lane, header.seq);
        let fact = Some(PlacedFact { bytes: fact, index_of: Some((index, count)) });
        Self { festival, lane, seq, hash: header.hash(), seal, fact }
    }
}

/// A receipt in full.
pub(super) fn full(fields: &Fields<'_>, known: &Known<'_>) -> Result<Checked, Fault> {
    let (fact, receipt, key_known) = checked(fields, known)?;
    let Header { lane, seq, time_ms, .. } = receipt.header;
    let says = vec![
        format!("receipt of festival {}: {}", fields.text("festival")?, words(&fact)),
        format!("lane {lane}, row {seq}, fact {}; lane time {time_ms} ms", receipt.index),
    ];
    Ok(Checked { kind: "receipt", says, key_known, places: vec![Place::of(receipt)] })
}

/// The short receipt of a 201: fact, row and signature. The way from the fact to the row is in
/// the full receipt only, except where the row holds nothing else.
pub(super) fn short(fields: &Fields<'_>, known: &Known<'_>) -> Result<Checked, Fault> {
    fields.only(&["fact", "row", "key", "signature", "path"])?;
    let (bytes, header, seal) = (fields.bytes("fact")?, fields.header()?, fields.seal()?);
    let fact = wire::read_fact(&bytes);
    let fact = fact.map_err(|why| fields.wrong("fact", &format!("it is damaged: {why}")))?;
    let key = known.find(&seal.key).ok_or_else(|| no_key(fields, known, &seal.key))?;
    let key_known = known.knows(&key)?;
    if !seal.holds(&header.hash(), &key) {
        let what = "the row, its path or the signature was altered";
        return Err(fault(Promise::Receipt, what));
    }
    let alone = check_path(leaf_hash(&bytes), 0, 1, &[]) == Some(header.root);
    let proven = if alone {
        "the fact is the only one in the row, and proven"
    } else {
        "the row is proven; that the fact stands in it, only the full receipt proves"
    };
    let Header { festival, lane, seq, time_ms, .. } = header;
    let says = vec![
        format!("short receipt: {}", words(&fact)),
        format!("lane {lane}, row {seq}; lane time {time_ms} ms"),
        proven.to_owned(),
    ];
    let fact = Some(PlacedFact { bytes, index_of: None });
    let place = Place { festival, lane, seq, hash: header.hash(), seal, fact };
    Ok(Checked { kind: "short receipt", says, key_known, places: vec![place] })
}

/// Why there is no key to check a short receipt with.
fn no_key(fields: &Fields<'_>, known: &Known<'_>, id: &[u8]) -> Fault {
    let id = hex::hex(id);
    match known.named {
        Some(named) if hex::hex(&named[..8]) != id => {
            let named = hex::hex(&named[..8]);
            fields.wrong("key", &format!("made with another key: {id}…, not {named}…"))
        }
        _ => fields.wrong(
            "key",
            "a short receipt carries no public key: give that as --key, or --data, \
             or check the full receipt",
        ),
    }
}

/// A fact in words.
pub(super) fn words(fact: &Fact) -> String {
    match fact {
        Fact::Claimed { number, fan, line, quantity, until_s, .. } => format!(
            "claim {number}: fan {} holds {quantity} of line {} until {until_s} s",
            fan.get(),
            line.0
        ),
        Fact::Settled(n) => format!("claim {n} is settled"),
        Fact::Expired(n) => format!("claim {n} expired"),
        Fact::Released(n) => format!("claim {n} was given back"),
        Fact::Returned(n) => format!("claim {n} was returned"),
        Fact::SettledLate(n) => format!("claim {n} is settled from the reserve"),
        Fact::RefundDue(n) => format!("claim {n}: a refund is due"),
        Fact::Granted { right, fan, line, quantity, .. } => {
            format!("right {right}: fan {} may take {quantity} of line {}", fan.get(), line.0)
        }
        Fact::Rested(totals) => format!("the books are closed with {} claims", totals.claims),
        Fact::Restored(loss) => {
            format!("rows up to {} were lost; {} claims had been made", loss.seq, loss.claims)
        }
        Fact::Moved(_) => "the lane moved to another journal".to_owned(),
        other => format!("{other:?}"),
    }
}
