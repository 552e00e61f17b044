//! A drop's published proof: totals, signed head, and where the lane rests the receipt of the
//! fact that closed its books.

use super::fields::Fields;
use super::receipt::{checked, same_festival};
use super::{Checked, Known, Place};
use crate::verify::report::{Fault, Promise, fault};
use fanfare_engine::{Fact, Totals};
use fanfare_lane::{Header, PublicKey};

/// What a proof lists of a line.
struct Listed {
    issued: u32,
    free: u32,
    set_aside: u32,
    held: u32,
    settled: u32,
}

/// Checks a proof.
pub(super) fn check(fields: &Fields<'_>, known: &Known<'_>) -> Result<Checked, Fault> {
    fields.only(&[
        "version",
        "kind",
        "festival",
        "drop",
        "lane",
        "claims",
        "totals",
        "head",
        "books",
        "public_key",
    ])?;
    let key = PublicKey(fields.hex("public_key")?);
    let key_known = known.knows(&key)?;
    let head = fields.object("head")?;
    let (header, place) = signed_head(&head, &key)?;
    same_festival(fields, &header)?;
    let (drop, lane): (_, u32) = (fields.text("drop")?, fields.number("lane")?);
    if lane != header.lane {
        return Err(fields.wrong("lane", "the signed row is another lane's"));
    }
    let listed = totals(fields)?;
    let claims: u32 = fields.number("claims")?;
    let mut places = vec![place];
    let mut says = vec![
        format!("proof of drop {drop}, festival {}: {claims} claims", fields.text("festival")?),
        format!("lane {lane}, row {}; lane time {} ms", header.seq, header.time_ms),
    ];
    if let Some(books) = fields.optional("books")? {
        let (fact, receipt, _) = checked(&books, &Known { named: Some(&key.0), listed: vec![] })?;
        if receipt.header != header {
            return Err(fields.wrong("books", "they were closed in another row than the head's"));
        }
        compare(fields, &fact, &listed, claims)?;
        places.push(Place::of(receipt));
        says.push("the books are closed, and the totals are those of the signed fact".to_owned());
    } else {
        let word = "the head is signed; the totals are proven once the drop is over and its \
                    books are closed";
        says.push(word.to_owned());
    }
    Ok(Checked { kind: "proof", says, key_known, places })
}

/// The head: a signed row, described in clear beside it.
fn signed_head(head: &Fields<'_>, key: &PublicKey) -> Result<(Header, Place), Fault> {
    head.only(&["lane", "seq", "hash", "time_ms", "row", "key", "signature", "path"])?;
    let (header, seal) = (head.header()?, head.seal()?);
    if seal.key != key.id() {
        return Err(head.wrong("key", "it is not the public key's"));
    }
    if !seal.holds(&header.hash(), key) {
        let what = "the head's row, its path or the signature was altered";
        return Err(fault(Promise::Receipt, what));
    }
    if head.hex("hash")? != header.hash() {
        return Err(head.wrong("hash", "it is not the signed row's"));
    }
    if (head.number::<u32>("lane")?, head.number::<u32>("seq")?) != (header.lane, header.seq) {
        return Err(head.wrong("seq", "lane and row are not the signed row's"));
    }
    if head.signed("time_ms")? != header.time_ms {
        return Err(head.wrong("time_ms", "it is not the signed row's"));
    }
    let Header { festival, lane, seq, .. } = header;
    Ok((header, Place { festival, lane, seq, hash: header.hash(), seal, fact: None }))
}

/// The listed totals, each line's units all in one place or another.
fn totals(fields: &Fields<'_>) -> Result<Vec<Listed>, Fault> {
    let list = fields.list("totals")?;
    let line = |(at, value)| {
        let line = Fields::of(value, &format!("totals[{at}]."))?;
        line.only(&["item", "variant", "issued", "free", "set_aside", "held", "settled"])?;
        line.text("item")?;
        let listed = Listed {
            issued: line.number("issued")?,
            free: line.number("free")?,
            set_aside: line.number("set_aside")?,
            held: line.number("held")?,
            settled: line.number("settled")?,
        };
        let places = [listed.free, listed.set_aside, listed.held, listed.settled];
        if places.iter().map(|&units| u64::from(units)).sum::<u64>() != u64::from(listed.issued) {
            let what = "issued is not free + set aside + held + settled";
            return Err(Fault { promise: Promise::Conservation, ..line.wrong("issued", what) });
        }
        Ok(listed)
    };
    list.iter().enumerate().map(line).collect()
}

/// Holds the listed totals against the fact that closed the books.
fn compare(fields: &Fields<'_>, fact: &Fact, listed: &[Listed], claims: u32) -> Result<(), Fault> {
    let Fact::Rested(rested) = fact else {
        return Err(fields.wrong("books", "it is not the fact that closed the books"));
    };
    let Totals { lines, .. } = &**rested;
    let line = |l: &Listed| [l.issued, l.free, l.set_aside, l.settled];
    let same = listed.iter().map(line).eq(lines.iter().copied());
    if !same || listed.iter().any(|line| line.held > 0) {
        let wrong = fields.wrong("totals", "they are not those of the signed fact");
        return Err(Fault { promise: Promise::Totals, ..wrong });
    }
    if claims != rested.claims {
        let wrong = fields.wrong("claims", "it is not the number of the signed fact");
        return Err(Fault { promise: Promise::Totals, ..wrong });
    }
    Ok(())
}
