//! Reading all of a festival's journals as if they were one: a lane's rows come from its home.

use super::row::{self, LaneRecord, RawRow};
use super::{JournalError, Journals, Reads, postgres, sqlite};
use crate::kit::clock::Stopwatch;
use crate::kit::database::Database;
use fanfare_lane::{LaneId, PublicKey, Sealed};
use std::cell::{Ref, RefCell};
use std::collections::HashMap;

/// Reads journals beside their writers. Those behind the first are connected to when they are
/// first asked, so one that is silent is missed by its own lanes only.
pub struct JournalReader {
    members: Vec<Member>,
    /// Whether all were in use before, and even the first may be silent.
    known: bool,
    homes: RefCell<HashMap<LaneId, usize>>,
}

/// The lanes of all journals.
#[derive(Debug, Default)]
pub struct Survey {
    /// Those that can be read, by number.
    pub lanes: Vec<LaneRecord>,
    /// Those the register knows, and why their journal cannot be read.
    pub unread: Vec<(LaneRecord, JournalError)>,
}

impl JournalReader {
    /// Opens journals of which the first exists.
    ///
    /// # Errors
    /// If it does not, or a newer program wrote it.
    pub fn open(journals: &Journals) -> Result<Self, JournalError> {
        Self::over(journals, false)
    }

    /// Opens journals that were in use before, for a process that serves them: the first is
    /// connected to as the others are, and those that answer are read without it.
    ///
    /// # Errors
    /// If a file cannot be read, or something is no URL.
    pub fn known(journals: &Journals) -> Result<Self, JournalError> {
        Self::over(journals, true)
    }

    fn over(journals: &Journals, known: bool) -> Result<Self, JournalError> {
        let mut members = Vec::with_capacity(journals.count());
        for (database, standing) in journals.each() {
            let first = members.is_empty();
            let now = first && !known;
            let reads: Box<dyn Reads + Send> = match database {
                Database::File(path) => Box::new(sqlite::Reader::open(&path)?),
                Database::Url(url) => Box::new(postgres::Reader::open(&url, standing, now)?),
            };
            members.push(Member { reads, first, silent: RefCell::default() });
        }
        Ok(Self { members, known, homes: RefCell::default() })
    }

    /// The same; none where there is no journal yet.
    ///
    /// # Errors
    /// If it cannot be read, or a newer program wrote it.
    pub fn find(journals: &Journals) -> Result<Option<Self>, JournalError> {
        match Self::open(journals) {
            Ok(reader) => Ok(Some(reader)),
            Err(JournalError::Missing(_)) => Ok(None),
            Err(why) => Err(why),
        }
    }

    /// How many journals there are.
    pub fn count(&self) -> usize {
        self.members.len()
    }

    /// All lanes, by number.
    ///
    /// # Errors
    /// If a journal that has any cannot be read.
    pub fn lanes(&self) -> Result<Vec<LaneRecord>, JournalError> {
        let Survey { lanes, unread } = self.survey()?;
        unread.into_iter().next().map_or(Ok(lanes), |(_, why)| Err(why))
    }

    /// Whether it reads journals behind the first, and what is said of all is said of those of them
    /// that answer.
    pub fn without_first(&self) -> bool {
        self.known && self.count() > 1
    }

    /// All lanes, those of journals that cannot be read apart. Without the first, the lanes of the
    /// others that answer.
    ///
    /// # Errors
    /// If the register cannot be read.
    pub fn survey(&self) -> Result<Survey, JournalError> {
        if self.without_first() {
            return Ok(Survey { lanes: self.answering()?, unread: Vec::new() });
        }
        let listed = self.registered()?;
        let mut survey = Survey::default();
        let mut why_not = HashMap::new();
        for place in 0..self.count() {
            match self.lanes_of(place) {
                Ok(lanes) => survey.lanes.extend(lanes),
                Err(why) => {
                    why_not.insert(place, why);
                }
            }
        }
        for record in listed {
            if let Some(why) = why_not.get(&record.home) {
                survey.unread.push((record, why.clone()));
            } else if let Err(why) = self.member(record.lane, record.home) {
                survey.unread.push((record, why));
            }
        }
        survey.lanes.sort_by_key(|record| record.lane);
        Ok(survey)
    }

    /// The lanes of the journals behind the first that answer, by number, as each lists its own.
    /// For whoever does without the others.
    ///
    /// # Errors
    /// If none of them answers, or one does and is not fit.
    pub fn answering(&self) -> Result<Vec<LaneRecord>, JournalError> {
        let (mut all, mut heard, mut silent) = (Vec::new(), false, None);
        for place in 1..self.count() {
            match self.lanes_of(place) {
                Err(JournalError::Silent(why)) => silent = Some(why),
                lanes => {
                    all.extend(lanes?);
                    heard = true;
                }
            }
        }
        if let Some(why) = silent.filter(|_| !heard) {
            return Err(JournalError::Silent(format!("no journal answers: {why}")));
        }
        all.iter().for_each(|record| self.knows(record.lane, record.home));
        all.sort_by_key(|record| record.lane);
        Ok(all)
    }

    /// Where a lane's rows are, for a reader that then need not ask.
    pub fn knows(&self, lane: LaneId, home: usize) {
        self.homes.borrow_mut().insert(lane, home);
    }

    /// Where it knows the rows of lanes to be.
    pub fn homes(&self) -> Vec<(LaneId, usize)> {
        self.homes.borrow().iter().map(|(lane, home)| (*lane, *home)).collect()
    }

    /// All lanes as the register lists them, by number; only its own have rows there. Their homes
    /// are remembered.
    ///
    /// # Errors
    /// If its table cannot be read.
    pub fn registered(&self) -> Result<Vec<LaneRecord>, JournalError> {
        let listed = self.members[0].ask(|reads| reads.lanes())?;
        self.homes.borrow_mut().extend(listed.iter().map(|record| (record.lane, record.home)));
        Ok(listed)
    }

    /// The lanes whose rows are in the journal at this place, by number, as it lists them itself.
    ///
    /// # Errors
    /// If its table cannot be read.
    pub fn lanes_of(&self, place: usize) -> Result<Vec<LaneRecord>, JournalError> {
        let Some(member) = self.members.get(place) else { return Ok(Vec::new()) };
        let mut lanes = member.ask(|reads| reads.lanes())?;
        lanes.retain(|record| record.home == place);
        Ok(lanes)
    }

    /// The place of the journal that has the lane's rows. Where the register does not know it, the
    /// one that lists it; if none does, the register itself. So too while the register is silent:
    /// a lane's rows are nowhere but where it is listed.
    ///
    /// # Errors
    /// If that is not to be known.
    pub fn home(&self, lane: LaneId) -> Result<usize, JournalError> {
        if let Some(&home) = self.homes.borrow().get(&lane) {
            return Ok(home);
        }
        let silent = match self.registered() {
            Err(why @ JournalError::Silent(_)) if self.known => Some(why),
            listed => listed.map(|_| None)?,
        };
        let known = self.homes.borrow().get(&lane).copied();
        if let Some(home) = known {
            return Ok(home);
        }
        let Some(silent) = silent else {
            for place in 1..self.count() {
                if self.lanes_of(place)?.iter().any(|record| record.lane == lane) {
                    return Ok(place);
                }
            }
            return Ok(0);
        };
        let lanes = self.answering()?;
        let listed = lanes.iter().find(|record| record.lane == lane);
        listed.map_or(Err(silent), |record| Ok(record.home))
    }

    /// The keys the journals were ever signed with. The register has those of every start, so
    /// others need not answer. One that reads without it does not wait for it.
    ///
    /// # Errors
    /// If a table cannot be read or lists something that is no key.
    pub fn keys(&self) -> Result<Vec<PublicKey>, JournalError> {
        let mut keys = Vec::new();
        let from = usize::from(self.without_first());
        for (place, member) in self.members.iter().enumerate().skip(from) {
            match member.ask(|reads| reads.keys()) {
                Err(JournalError::Silent(_)) if place > 0 => {}
                listed => {
                    for key in listed? {
                        if !keys.contains(&key) {
                            keys.push(key);
                        }
                    }
                }
            }
        }
        Ok(keys)
    }

    /// The lane's rows from number `from` on, in order, at most `most`, as raw as they stand, for
    /// a reader that names every damage itself.
    ///
    /// # Errors
    /// If they cannot be read at all.
    pub fn raw_rows(
        &self,
        lane: LaneId,
        from: u32,
        most: usize,
    ) -> Result<Vec<RawRow>, JournalError> {
        self.of(lane)?.ask(|reads| reads.raw_rows(lane, from, most))
    }

    /// The same rows, each read.
    ///
    /// # Errors
    /// If they cannot be read; damaged rows are named.
    pub fn rows(&self, lane: LaneId, from: u32, most: usize) -> Result<Vec<Sealed>, JournalError> {
        row::read_all(lane, self.raw_rows(lane, from, most)?)
    }

    /// Bytes all rows take: header, hash, facts and seal.
    ///
    /// # Errors
    /// If a journal cannot be read.
    pub fn bytes(&self) -> Result<u64, JournalError> {
        self.members.iter().map(|member| member.ask(|reads| reads.bytes())).sum()
    }

    /// The words of a reason, if they are kept. They are in the home of the lane whose fact names
    /// it.
    ///
    /// # Errors
    /// If a journal that may have them cannot be read.
    pub fn reason(&self, why: u64) -> Result<Option<String>, JournalError> {
        let mut unread = None;
        for member in &self.members {
            match member.ask(|reads| reads.reason(why)) {
                Ok(Some(words)) => return Ok(Some(words)),
                Ok(None) => {}
                Err(why) => unread = Some(why),
            }
        }
        unread.map_or(Ok(None), Err)
    }

    /// Every reason and its words, of all journals.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub fn reasons(&self) -> Result<Vec<(u64, String)>, JournalError> {
        let mut all = Vec::new();
        for (place, member) in self.members.iter().enumerate() {
            match member.ask(|reads| reads.reasons()) {
                Err(JournalError::Missing(_)) if place > 0 => {}
                listed => all.extend(listed?),
            }
        }
        Ok(all)
    }

    /// The number of the lane's newest row; 0 if it has none.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn newest_seq(&self, lane: LaneId) -> Result<u32, JournalError> {
        self.of(lane)?.ask(|reads| reads.newest_seq(lane))
    }

    /// The journal that has the lane's rows.
    fn of(&self, lane: LaneId) -> Result<&Member, JournalError> {
        self.member(lane, self.home(lane)?)
    }

    fn member(&self, lane: LaneId, home: usize) -> Result<&Member, JournalError> {
        self.members.get(home).ok_or_else(|| unnamed(lane, home))
    }
}

/// What is wrong where a lane's rows are in a journal nobody named.
pub fn unnamed(lane: LaneId, home: usize) -> JournalError {
    JournalError::Unfit(format!(
        "the rows of lane {lane} are in journal {} of this festival, which is not named: name it \
         with --journal, behind the others",
        home + 1
    ))
}

/// One of the journals.
struct Member {
    reads: Box<dyn Reads + Send>,
    /// Whether it is the register, which exists.
    first: bool,
    silent: RefCell<Option<Silence>>,
}

/// When somebody last waited for a journal in vain: how long, and what came of it.
struct Silence {
    since: Stopwatch,
    took_us: u64,
    why: String,
}

impl Member {
    /// Asks it; but one that has just been waited for in vain is not waited for again until as
    /// much time has gone by, so that whoever reads several is held up by it half the time at most.
    /// One that was named and not used yet, or is gone, has nothing.
    fn ask<R: Default>(
        &self,
        work: impl FnOnce(&dyn Reads) -> Result<R, JournalError>,
    ) -> Result<R, JournalError> {
        if let Some(why) = self.still_silent() {
            return Err(JournalError::Silent(why));
        }
        let watch = Stopwatch::start();
        let asked = work(&*self.reads);
        *self.silent.borrow_mut() = match &asked {
            Err(JournalError::Silent(why)) => {
                let (since, took_us) = (Stopwatch::start(), watch.passed_us());
                Some(Silence { since, took_us, why: why.clone() })
            }
            _ => None,
        };
        match asked {
            Err(JournalError::Missing(_)) if !self.first => Ok(R::default()),
            asked => asked,
        }
    }

    fn still_silent(&self) -> Option<String> {
        let silence = Ref::filter_map(self.silent.borrow(), Option::as_ref).ok()?;
        (silence.since.passed_us() < silence.took_us).then(|| silence.why.clone())
    }
}
