//! From the festival file to lanes: which drops there are, what differs between file and journal,
//! and how differences become facts.

pub mod changes;
pub mod socket;
mod unheard;
pub mod unserved;

use super::register;
use super::spec::{DropSpec, LineName};
use crate::app::{App, Mode};
use crate::drops::web::host::reason_number;
use crate::festivals::{DropPlan, Festival, Good, Id, Names, Opening, Variant};
use crate::kit::data::DataFolder;
use crate::kit::journal::{JournalReader, Survey};
use fanfare_engine::{Act, Command, Fact, Fan, Quantity, Terms};
use fanfare_lane::LaneId;

/// The reason the demo's resumptions have.
const BELIEVED: &str = "the demo believes the machine's clock";

/// A round is made this long before it opens.
const ROUND_AHEAD_MS: i64 = 20 * 60 * 1000;

/// The drops of a festival: those of the file, and those only the journal knows.
///
/// # Errors
/// If the journal cannot be read.
pub fn specs(
    festival: &Festival,
    folder: &DataFolder,
    now_ms: i64,
) -> Result<Vec<DropSpec>, String> {
    Ok(specs_of(festival, folder, now_ms, (all_journalled(folder)?, false)))
}

/// The drops a server starts with. A rehearsal makes its own as their turns come. Where the first
/// journal may be silent, and is, those only it knows are not among them; then why it is silent.
///
/// # Errors
/// If the journals cannot be read.
pub fn starting_specs(
    (mode, festival): (Mode, &Festival),
    folder: &DataFolder,
    now_ms: i64,
) -> Result<(Vec<DropSpec>, Option<String>), String> {
    let (journalled, silent) = journalled_terms(folder)?;
    let specs = match mode {
        Mode::Rehearsal => known_of(festival, journalled),
        Mode::Real | Mode::Demo => {
            specs_of(festival, folder, now_ms, (journalled, silent.is_some()))
        }
    };
    Ok((specs, silent))
}

/// Opens what is shut because its journal was silent, where that answers now, and reads what other
/// nodes made and this one has not heard of.
pub fn open_silent(app: &App) {
    if let Err(why) = unheard::hear_of(app) {
        tracing::warn!(%why, "drops of other nodes cannot be read yet");
    }
    let (festival, folder) = (&app.festival, &app.node.folder);
    app.node.open_silent(|| match app.mode {
        Mode::Rehearsal => journalled_specs(festival, folder),
        Mode::Real | Mode::Demo => specs(festival, folder, app.now_ms()),
    });
}

/// `apart` says that journals may know more drops than these.
fn specs_of(
    festival: &Festival,
    folder: &DataFolder,
    now_ms: i64,
    (journalled, apart): (Journalled, bool),
) -> Vec<DropSpec> {
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
    for spec in specs.iter_mut().filter(|_| apart) {
        if !journalled.iter().any(|(id, _)| *id == spec.id) {
            *spec = unread(festival, spec);
        }
    }
    for (id, terms) in journalled {
        match (specs.iter_mut().find(|spec| spec.id == id), terms) {
            (Some(spec), Some(terms)) => *spec = placed(festival, spec, &terms),
            (Some(spec), None) => *spec = unread(festival, spec),
            (None, terms) => specs.push(known(festival, &id, terms)),
        }
    }
    specs
}

/// The drops the journal knows, under the names a festival file gives them.
///
/// # Errors
/// If the journal cannot be read.
pub fn journalled_specs(festival: &Festival, folder: &DataFolder) -> Result<Vec<DropSpec>, String> {
    Ok(known_of(festival, all_journalled(folder)?))
}

fn known_of(festival: &Festival, journalled: Journalled) -> Vec<DropSpec> {
    journalled.into_iter().map(|(id, terms)| known(festival, &id, terms)).collect()
}

/// A drop the journal knows, whether its terms could be read or not.
fn known(festival: &Festival, id: &str, terms: Option<Terms>) -> DropSpec {
    let Some(terms) = terms else {
        let plan = Id::new(id).and_then(|id| festival.drop(&id));
        return match plan.filter(|plan| matches!(plan.opening(), Opening::At(_))) {
            Some(plan) => unread(festival, &DropSpec::new(festival, plan, 0, 0)),
            None => DropSpec { unread: true, ..journalled(festival, id, &terms_unread()) },
        };
    };
    journalled(festival, id, &terms)
}

/// A drop whose terms could not be read: shown by the file's, and opened by its own.
fn unread(festival: &Festival, spec: &DropSpec) -> DropSpec {
    DropSpec { unread: true, ..placed(festival, spec, &spec.terms) }
}

/// Drops of journals, by lane, and the terms they began with, where these can be read.
type Journalled = Vec<(String, Option<Terms>)>;

/// The drops all journals know.
fn all_journalled(folder: &DataFolder) -> Result<Journalled, String> {
    let (journalled, silent) = journalled_terms(folder)?;
    silent.map_or(Ok(journalled), Err)
}

/// The drops the journals know; where the first is done without, those of the others, and why it
/// is.
fn journalled_terms(folder: &DataFolder) -> Result<(Journalled, Option<String>), String> {
    let mut known = Journalled::new();
    let (found, silent) = register::read(folder)?;
    let Some(reader) = found else { return Ok((known, None)) };
    let Survey { lanes, unread } = reader.survey().map_err(|why| why.to_string())?;
    for record in lanes.into_iter().filter(|record| record.newest_seq > 0) {
        // A lane whose first row is damaged is still listed: opening it says what is wrong.
        let terms = terms_of(&reader, record.lane);
        known.push((record.drop, terms));
    }
    // So is one whose journal does not answer.
    known.extend(unread.into_iter().map(|(record, _)| (record.drop, None)));
    Ok((known, silent))
}

/// The terms a lane began with, where they can be read.
fn terms_of(reader: &JournalReader, lane: LaneId) -> Option<Terms> {
    let row = reader.rows(lane, 1, 1).ok()?.pop()?;
    match row.row.read_facts().ok()?.into_iter().next() {
        Some(Fact::Terms(terms)) => Some(*terms),
        _ => None,
    }
}

/// The terms of a lane whose own cannot be read, and which no file names.
fn terms_unread() -> Terms {
    let (rules, opens_at_ms, closes_at_ms) = ([0; 32], 0, 0);
    Terms { rules, opens_at_ms, closes_at_ms, hold_s: 1, limit: Quantity::MIN, lines: Vec::new() }
}

/// A drop the journal knows: an earlier round's names, or its id where the file has no more.
pub fn journalled(festival: &Festival, id: &str, terms: &Terms) -> DropSpec {
    let base = id.rsplit_once('-').map_or(id, |(base, _)| base);
    let named = |id: &str| Id::new(id).and_then(|id| festival.drop(&id).cloned());
    let spec = match named(id).or_else(|| named(base)) {
        Some(plan) => DropSpec { id: id.to_owned(), ..DropSpec::new(festival, &plan, 0, 1) },
        None => DropSpec {
            id: id.to_owned(),
            names: Names::same(id),
            lines: Vec::new(),
            terms: terms.clone(),
            unread: false,
            history_s: None,
        },
    };
    placed(festival, &spec, terms)
}

/// A drop by the terms it began with. Its names are in the order of their lines; behind them
/// stand all others the journal may have taken in later. A line the drop has in the file no more
/// is found among the festival's goods.
fn placed(festival: &Festival, spec: &DropSpec, began: &Terms) -> DropSpec {
    let lines = [spec.lines.clone(), all_lines(festival)].concat();
    let mut placed = DropSpec { lines: lines.clone(), ..spec.clone() }.with_terms(began.clone());
    placed.lines.extend(lines);
    for line in &mut placed.terms.lines {
        // What a resting lane costs is not read again; an `apply` has made the file's price its.
        let same = spec.terms.lines.iter().find(|other| other.id == line.id);
        line.price_minor = same.map_or(line.price_minor, |other| other.price_minor);
    }
    placed
}

/// Every line the festival's goods could be offered in.
fn all_lines(festival: &Festival) -> Vec<LineName> {
    let of = |good: &Good| {
        let line = |variant: Option<&Variant>| LineName {
            item: good.id().as_str().to_owned(),
            variant: variant.map(|variant| variant.id().as_str().to_owned()),
            names: good.names().clone(),
            variant_names: variant.map(|variant| variant.names().clone()),
        };
        let whole = std::iter::once(line(None));
        whole.chain(good.variants().iter().map(|variant| line(Some(variant)))).collect::<Vec<_>>()
    };
    festival.goods().iter().flat_map(of).collect()
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
    // While the first journal is not heard nobody can give them a lane.
    if !missing.is_empty()
        && !directory.is_apart()
        && let Err(why) = app.node.add_drops(missing)
    {
        tracing::error!(why, "the next rounds cannot be made");
    }
}

/// Who acts where no host is asked: whoever may open the data folder.
pub(crate) const KEEPER: Fan = match Fan::new(1) {
    Some(fan) => fan,
    None => unreachable!(),
};

/// Confirms the machine's clock for every drop that doubts it. For the demo, which has no host
/// and whose rounds would otherwise stand still for ever after a pause of days.
pub fn believe_clock(app: &App) {
    for drop in &app.node.directory().drops {
        let face = &drop.published.front().face;
        if face.doubtful_time {
            // One act for each time it is doubted.
            let why = reason_number(&format!("{BELIEVED} {} {}", drop.lane, face.seq));
            let kept =
                app.node.with_writer(drop.home, move |writer| writer.keep_reason(why, BELIEVED));
            tracing::info!(drop = %drop.spec.id, ?kept, BELIEVED);
            app.node.asked_blocking(drop.lane, Command::Resume(Act { by: KEEPER, why }));
        }
    }
}
