//! From the festival file to lanes: which drops there are, what differs between file and journal,
//! and how differences become facts.

pub mod changes;
pub mod socket;

use super::spec::{DropSpec, LineName};
use crate::app::App;
use crate::festivals::{DropPlan, Festival, Id, Names, Opening};
use crate::kit::data::DataFolder;
use crate::kit::sqlite::JournalReader;
use fanfare_engine::{Fact, Quantity, Terms};
use std::collections::BTreeSet;

/// A round is made this long before it opens.
const ROUND_AHEAD_MS: i64 = 20 * 60 * 1000;

/// The drops a server starts with: those of the file, and those only the journal knows.
///
/// # Errors
/// If the journal cannot be read.
pub fn specs(
    festival: &Festival,
    folder: &DataFolder,
    now_ms: i64,
) -> Result<Vec<DropSpec>, String> {
    let mut specs: Vec<DropSpec> = Vec::new();
    for plan in festival.drops() {
        match plan.opening() {
            Opening::At(_) => specs.push(DropSpec::new(festival, plan, 0, 0)),
            Opening::Every { .. } => {
                let rounds = rounds_due(plan, folder.made_at_ms(), now_ms);
                let spec = |round| DropSpec::new(festival, plan, folder.made_at_ms(), round);
                specs.extend(rounds.map(spec));
            }
        }
    }
    let known: BTreeSet<String> = specs.iter().map(|spec| spec.id.clone()).collect();
    let journalled = journalled_specs(festival, folder)?;
    specs.extend(journalled.into_iter().filter(|spec| !known.contains(&spec.id)));
    Ok(specs)
}

/// The drops the journal knows, under the names a festival file gives them.
///
/// # Errors
/// If the journal cannot be read.
pub fn journalled_specs(festival: &Festival, folder: &DataFolder) -> Result<Vec<DropSpec>, String> {
    let mut specs = Vec::new();
    if folder.journal().exists() {
        let reader = JournalReader::open(&folder.journal()).map_err(|why| why.to_string())?;
        for record in reader.lanes().map_err(|why| why.to_string())? {
            if record.newest_seq == 0 {
                continue;
            }
            // A lane whose first row is damaged is still listed: opening it says what is wrong.
            let row = reader.rows(record.lane, 1, 1).ok().and_then(|mut rows| rows.pop());
            let facts = row.and_then(|sealed| sealed.row.read_facts().ok());
            if let Some(Fact::Terms(terms)) = facts.as_ref().and_then(|facts| facts.first()) {
                specs.push(journalled(festival, &record.drop, terms));
            } else {
                specs.push(journalled(festival, &record.drop, &unread()));
            }
        }
    }
    Ok(specs)
}

/// The terms of a lane whose own cannot be read.
fn unread() -> Terms {
    let (rules, opens_at_ms, closes_at_ms) = ([0; 32], 0, 0);
    Terms { rules, opens_at_ms, closes_at_ms, hold_s: 1, limit: Quantity::MIN, lines: Vec::new() }
}

/// A drop the journal knows: an earlier round's names, or its id where the file has no more.
fn journalled(festival: &Festival, id: &str, terms: &Terms) -> DropSpec {
    let base = id.rsplit_once('-').map_or(id, |(base, _)| base);
    let named = |id: &str| Id::new(id).and_then(|id| festival.drop(&id).cloned());
    if let Some(plan) = named(id).or_else(|| named(base)) {
        let named = DropSpec::new(festival, &plan, 0, 1);
        return DropSpec { id: id.to_owned(), terms: terms.clone(), ..named };
    }
    let line = |at: usize| LineName {
        item: format!("item-{}", at + 1),
        variant: None,
        names: Names::same(&format!("{id} {}", at + 1)),
        variant_names: None,
    };
    DropSpec {
        id: id.to_owned(),
        names: Names::same(id),
        lines: (0..terms.lines.len()).map(line).collect(),
        terms: terms.clone(),
        history_s: None,
    }
}

/// The rounds of a repeating drop that are open or open soon.
fn rounds_due(plan: &DropPlan, start_ms: i64, now_ms: i64) -> std::ops::RangeInclusive<u32> {
    let Opening::Every { first_ms, every_ms } = plan.opening() else {
        #[expect(clippy::reversed_empty_ranges, reason = "an empty range")]
        return 1..=0;
    };
    let every_ms = every_ms.max(1_000);
    let since_ms = now_ms - start_ms - first_ms;
    let first = since_ms.div_euclid(every_ms).max(0) + 1;
    let last = (since_ms + ROUND_AHEAD_MS).div_euclid(every_ms).max(0) + 1;
    u32::try_from(first).unwrap_or(1)..=u32::try_from(last.min(first + 3)).unwrap_or(1)
}

/// Makes the rounds that open soon. Called every second; does nothing most of the time.
pub fn next_rounds(app: &App) {
    let directory = app.node.directory();
    let (start_ms, now_ms) = (app.node.folder.made_at_ms(), app.now_ms());
    let repeating = app.festival.drops().iter();
    let missing: Vec<DropSpec> = repeating
        .flat_map(|plan| rounds_due(plan, start_ms, now_ms).map(move |round| (plan, round)))
        .filter(|(plan, round)| directory.named(plan.round_id(*round).as_str()).is_none())
        .map(|(plan, round)| DropSpec::new(&app.festival, plan, start_ms, round))
        .collect();
    if !missing.is_empty()
        && let Err(why) = app.node.add_drops(missing)
    {
        tracing::error!(why, "the next rounds cannot be made");
    }
}
