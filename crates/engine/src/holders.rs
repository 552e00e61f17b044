//! Fans to their newest claim: a hash index by linear hashing, in pages of one cache line.
//!
//! A plain table doubles in one go, and at ten million claims that is a pause every fan feels.
//! Here the index grows by splitting one page at a time, in the order in which they lie in
//! memory. Each entry carries 32 bits of its hash, so that a split reads no claim and a search
//! reads one only where it is nearly certain to be the right one: a fan who is new to a drop costs
//! one cache line.

use crate::ids::Fan;
use alloc::vec::Vec;

/// Entries a page holds.
const SLOTS: usize = 7;

/// Entries for every two pages, on average, before the next page is split.
const LOAD_OF_TWO: usize = 4;

/// Pages in a row in memory: the outer list stays small, and nothing larger is ever copied.
const PAGES_A_RUN: usize = 4_096;

/// Places that are read one after the other with nothing between.
const TOUCHED_AT_ONCE: usize = 64;

/// A cache line of entries; the used slots come first.
#[derive(Clone, Debug, Default)]
#[repr(align(64))]
struct Page {
    tags: [u32; SLOTS],
    numbers: [u32; SLOTS],
    used: u32,
    /// The spilt page the search goes on in, counted from 1.
    next: u32,
}

impl Page {
    /// The used slots whose tag is this one. All are compared at once, used or not: how many are
    /// used differs from page to page, and guessing it wrong costs more than looking.
    fn alike(&self, tag: u32) -> impl Iterator<Item = usize> + use<> {
        let same = |slot: usize| u32::from(self.tags[slot] == tag) << slot;
        let mut left = (0..SLOTS).map(same).sum::<u32>() & ((1 << self.used) - 1);
        core::iter::from_fn(move || {
            let slot = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            (slot < SLOTS).then_some(slot)
        })
    }

    fn entries(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let all = self.tags.iter().copied().zip(self.numbers);
        all.take(self.used as usize)
    }

    /// Takes an entry in if there is room.
    fn take(&mut self, tag: u32, number: u32) -> bool {
        let slot = self.used as usize;
        if slot == SLOTS {
            return false;
        }
        (self.tags[slot], self.numbers[slot]) = (tag, number);
        self.used += 1;
        true
    }
}

/// Pages that are only ever added.
#[derive(Clone, Debug, Default)]
struct Pages {
    runs: Vec<Vec<Page>>,
    count: usize,
}

impl Pages {
    fn get(&self, at: usize) -> &Page {
        &self.runs[at / PAGES_A_RUN][at % PAGES_A_RUN]
    }

    fn get_mut(&mut self, at: usize) -> &mut Page {
        &mut self.runs[at / PAGES_A_RUN][at % PAGES_A_RUN]
    }

    fn push(&mut self, page: Page) {
        if self.count.is_multiple_of(PAGES_A_RUN) {
            // The first run grows as it is needed: most drops are small.
            let room = if self.runs.is_empty() { 4 } else { PAGES_A_RUN };
            self.runs.push(Vec::with_capacity(room));
        }
        if let Some(run) = self.runs.last_mut() {
            run.push(page);
            self.count += 1;
        }
    }
}

/// Newest claim number by fan. The fan itself is read back from the claim.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holders {
    pages: Pages,
    /// What did not fit its page.
    spilt: Pages,
    /// The first spilt page not in use, counted from 1; the others follow by `next`.
    spare: u32,
    /// What a split moves, kept for its memory.
    moving: Vec<(u32, u32)>,
    len: usize,
}

/// Mixes a fan's number over 32 bits (the finaliser of `SplitMix64`). Fans' numbers are given by
/// us, not chosen, so a fixed hash cannot be flooded.
fn tag_of(fan: Fan) -> u32 {
    let mut x = fan.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (x ^ (x >> 31)) as u32
}

impl Holders {
    /// The page of a tag while there are `count` pages.
    fn page_of(tag: u32, count: usize) -> usize {
        let round = count.next_power_of_two();
        let page = tag as usize & (round - 1);
        if page < count { page } else { page & (round / 2 - 1) }
    }

    /// Room for so many entries, where none is yet: until there are as many, no page is split.
    pub(crate) fn make_room(&mut self, entries: usize) {
        while LOAD_OF_TWO * self.pages.count < 2 * entries && self.len == 0 {
            self.pages.push(Page::default());
        }
    }

    /// How many fans have a claim.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The newest claim number of a fan. `fan_of` tells whose a number is.
    pub(crate) fn get(&self, fan: Fan, fan_of: impl Fn(u32) -> Fan) -> Option<u32> {
        if self.pages.count == 0 {
            return None;
        }
        let wanted = tag_of(fan);
        let mut page = self.pages.get(Self::page_of(wanted, self.pages.count));
        loop {
            let mut alike = page.alike(wanted).map(|slot| page.numbers[slot]);
            if let Some(number) = alike.find(|&number| fan_of(number) == fan) {
                return Some(number);
            }
            page = self.spilt.get(page.next.checked_sub(1)? as usize);
        }
    }

    /// Reads where these fans would stand, so that it is near when it is needed. First all the
    /// places, then all the reads: with nothing between them the machine waits for many at once.
    pub(crate) fn touch(&self, mut fans: impl Iterator<Item = Fan>) {
        if self.pages.count == 0 {
            return;
        }
        let mut places = [self.pages.get(0); TOUCHED_AT_ONCE];
        loop {
            let mut count = 0;
            for (place, fan) in places.iter_mut().zip(&mut fans) {
                *place = self.pages.get(Self::page_of(tag_of(fan), self.pages.count));
                count += 1;
            }
            let read = places.iter().take(count).fold(0, |all, page| all ^ page.used);
            core::hint::black_box(read);
            if count < TOUCHED_AT_ONCE {
                return;
            }
        }
    }

    /// Makes `number` the fan's newest claim; gives the one before it.
    pub(crate) fn put(
        &mut self,
        fan: Fan,
        number: u32,
        fan_of: impl Fn(u32) -> Fan,
    ) -> Option<u32> {
        if 2 * self.len >= LOAD_OF_TWO * self.pages.count {
            self.split();
        }
        let wanted = tag_of(fan);
        let home = Self::page_of(wanted, self.pages.count);
        let mut page = self.pages.get_mut(home);
        loop {
            let own = page.alike(wanted).find(|&slot| fan_of(page.numbers[slot]) == fan);
            if let Some(slot) = own {
                return Some(core::mem::replace(&mut page.numbers[slot], number));
            }
            let Some(next) = page.next.checked_sub(1) else { break };
            page = self.spilt.get_mut(next as usize);
        }
        self.add(home, wanted, number);
        self.len += 1;
        None
    }

    /// Adds an entry to a page or, where that is full, to those spilt from it. Only the first of
    /// these has room: a further one goes in front.
    fn add(&mut self, home: usize, tag: u32, number: u32) {
        if self.pages.get_mut(home).take(tag, number) {
            return;
        }
        let next = self.pages.get(home).next;
        if next != 0 && self.spilt.get_mut(next as usize - 1).take(tag, number) {
            return;
        }
        let mut fresh = Page { next, ..Page::default() };
        fresh.take(tag, number);
        let at = if self.spare == 0 {
            self.spilt.push(fresh);
            self.spilt.count as u32
        } else {
            let spare = self.spilt.get_mut(self.spare as usize - 1);
            let next_spare = core::mem::replace(spare, fresh).next;
            core::mem::replace(&mut self.spare, next_spare)
        };
        self.pages.get_mut(home).next = at;
    }

    /// Adds a page and shares out the entries of the one it splits off from.
    fn split(&mut self) {
        let count = self.pages.count + 1;
        self.pages.push(Page::default());
        if count == 1 {
            return;
        }
        let source = (count - 1) & (count.next_power_of_two() / 2 - 1);
        let mut moving = core::mem::take(&mut self.moving);
        let mut page = core::mem::take(self.pages.get_mut(source));
        loop {
            moving.extend(page.entries());
            let Some(next) = page.next.checked_sub(1) else { break };
            let emptied = self.spilt.get_mut(next as usize);
            page = core::mem::take(emptied);
            emptied.next = self.spare;
            self.spare = next + 1;
        }
        for (tag, number) in moving.drain(..) {
            self.add(Self::page_of(tag, count), tag, number);
        }
        self.moving = moving;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_thousand_fans_are_found_again_and_no_other() {
        let fan = |n: u32| Fan::new(u64::from(n) * 7 + 1).unwrap();
        let mut holders = Holders::default();
        for number in 1..=100_000 {
            assert_eq!(holders.put(fan(number), number, fan), None);
            assert_eq!(holders.len(), number as usize);
        }
        for number in 1..=100_000 {
            assert_eq!(holders.get(fan(number), fan), Some(number));
        }
        assert_eq!(holders.get(Fan::new(3).unwrap(), fan), None);
        let pages = holders.pages.count + holders.spilt.count;
        assert!(pages * size_of::<Page>() < 36 * 100_000, "{pages} pages");
    }

    #[test]
    fn room_made_beforehand_changes_nothing_but_the_splits() {
        let fan = |n: u32| Fan::new(u64::from(n) * 7 + 1).unwrap();
        let (mut grown, mut roomy) = (Holders::default(), Holders::default());
        roomy.make_room(50_000);
        let made = roomy.pages.count;
        for number in 1..=60_000 {
            assert_eq!(roomy.put(fan(number), number, fan), grown.put(fan(number), number, fan));
            assert!(number > 50_000 || roomy.pages.count == made, "a split at {number}");
        }
        assert_eq!(roomy.pages.count, grown.pages.count);
        for number in 1..=60_000 {
            assert_eq!(roomy.get(fan(number), fan), Some(number));
        }
        roomy.make_room(1_000_000);
        assert_eq!(roomy.pages.count, grown.pages.count, "room where entries are");
    }

    #[test]
    fn a_newer_claim_takes_the_place_of_the_one_before() {
        // Ten fans take turns, so a number's fan is told by its last digit.
        let fan = |n: u32| Fan::new(u64::from(n % 10) + 1).unwrap();
        let mut holders = Holders::default();
        for number in 1..=1_000_u32 {
            let before = number.checked_sub(10).filter(|&before| before > 0);
            assert_eq!(holders.put(fan(number), number, fan), before);
        }
        assert_eq!((holders.len(), holders.get(fan(7), fan)), (10, Some(997)));
    }

    #[test]
    fn fans_with_one_tag_are_told_apart() {
        // Sought by trying: tags of 32 bits meet among some ten thousands of fans.
        let mut seen = alloc::collections::BTreeMap::new();
        let twins = (1..=400_000).find_map(|number| {
            let twin = seen.insert(tag_of(Fan::new(number).unwrap()), number);
            twin.map(|twin| [twin, number])
        });
        let twins = twins.expect("two fans with one tag");
        let fan = |number: u32| Fan::new(twins[number as usize - 1]).unwrap();
        let mut holders = Holders::default();
        assert_eq!(holders.put(fan(1), 1, fan), None);
        assert_eq!(holders.get(fan(2), fan), None);
        assert_eq!(holders.put(fan(2), 2, fan), None);
        assert_eq!((holders.get(fan(1), fan), holders.get(fan(2), fan)), (Some(1), Some(2)));
    }

    #[test]
    fn what_spilt_is_used_again() {
        let fan = |n: u32| Fan::new(u64::from(n)).unwrap();
        let mut holders = Holders::default();
        for number in 1..=1_000_000 {
            holders.put(fan(number), number, fan);
        }
        let share = holders.spilt.count * 100 / holders.pages.count;
        assert!(share < 15, "{share} % of the pages spilt");
        let longest = (0..holders.pages.count).map(|at| {
            let first = holders.pages.get(at).next;
            let next = |&at: &u32| Some(holders.spilt.get(at as usize - 1).next);
            core::iter::successors(Some(first).filter(|&at| at > 0), |at| {
                next(at).filter(|&at| at > 0)
            })
            .count()
        });
        assert!(longest.max() <= Some(3), "a chain is long");
    }
}
