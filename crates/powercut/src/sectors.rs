//! What of one file is not synced: of each sector every content it had since, and every size the
//! file had. From these a power cut makes one that the disk may hold.

use super::dice::Dice;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes that a disk writes whole or not at all.
pub const SECTOR: usize = 512;

/// Sectors of a page of the system's memory, which usually go to the disk together.
const PAGE: u64 = 8;

/// How a cut chooses among what may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Each sector by itself: torn, and out of order.
    Sectors,
    /// Each page of eight sectors by itself.
    Pages,
    /// What was written up to a moment, and a part of what was written at that moment.
    Order,
    /// Only what was synced.
    Synced,
    /// All of it, but for one sector.
    AllButOne,
    /// All of it, though nobody was told so.
    All,
}

/// All of them.
pub const WAYS: [Way; 6] =
    [Way::Sectors, Way::Pages, Way::Order, Way::Synced, Way::AllButOne, Way::All];

/// A sector's content from this change of the file on; change 0 is what is synced.
type Version = (usize, [u8; SECTOR]);

/// What of a file is not synced.
#[derive(Debug, Default)]
pub struct Unsynced {
    synced_size: usize,
    /// Sizes since, each with the change it came with.
    sizes: Vec<(usize, usize)>,
    /// Changes since.
    changes: usize,
    sectors: BTreeMap<u64, Vec<Version>>,
    /// Sectors whose sync failed: a system that gives up on them calls the next sync a success.
    /// Source: fsync(2) of Linux, "Errors".
    given_up: BTreeSet<u64>,
}

impl Unsynced {
    /// A file of this size, all of it on the disk.
    pub fn new(synced_size: usize) -> Self {
        Self { synced_size, ..Self::default() }
    }

    /// Whether the disk holds all of it.
    pub fn is_empty(&self) -> bool {
        self.sectors.is_empty() && self.sizes.is_empty()
    }

    /// Bytes that the disk need not hold.
    pub fn bytes(&self) -> usize {
        self.sectors.len() * SECTOR
    }

    /// Whole sectors from this one on held these bytes and hold those; the file is now so long.
    pub fn changed(&mut self, first: u64, before: &[u8], after: &[u8], size: usize) {
        self.changes += 1;
        let pairs = before.as_chunks::<SECTOR>().0.iter().zip(after.as_chunks::<SECTOR>().0);
        for (sector, (before, after)) in (first..).zip(pairs) {
            self.given_up.remove(&sector);
            if before != after {
                let versions = self.sectors.entry(sector).or_insert_with(|| vec![(0, *before)]);
                versions.push((self.changes, *after));
            }
        }
        if size != self.size() {
            self.sizes.push((self.changes, size));
        }
    }

    /// How long the file is.
    fn size(&self) -> usize {
        self.sizes.last().map_or(self.synced_size, |(_, size)| *size)
    }

    fn size_at(&self, change: usize) -> usize {
        let known = self.sizes.iter().rev().find(|(at, _)| *at <= change);
        known.map_or(self.synced_size, |(_, size)| *size)
    }

    /// A sync came back: all of it stands, but for what an earlier one gave up.
    pub fn synced(&mut self) {
        self.synced_size = self.size();
        self.sizes.clear();
        self.sectors.retain(|sector, _| self.given_up.contains(sector));
    }

    /// A sync failed.
    pub fn sync_failed(&mut self) {
        self.given_up.extend(self.sectors.keys());
    }

    /// What the disk may hold of a file that holds these bytes.
    pub fn settle(&self, now: &[u8], way: Way, dice: &mut Dice) -> Vec<u8> {
        let moment = dice.below(self.changes + 1);
        let spared = dice.below(self.sectors.len());
        let size = match way {
            Way::Synced => self.synced_size,
            Way::AllButOne | Way::All => now.len(),
            Way::Order => self.size_at(moment),
            Way::Sectors | Way::Pages => self.size_at(dice.below(self.changes + 1)),
        };
        let pages = if way == Way::Pages { self.pages(dice) } else { BTreeMap::new() };
        let mut bytes = now.to_vec();
        for (nth, (sector, versions)) in self.sectors.iter().enumerate() {
            let until = match way {
                Way::Synced => 0,
                Way::AllButOne if nth == spared => 0,
                Way::AllButOne | Way::All => self.changes,
                Way::Order => moment.saturating_sub(usize::from(dice.coin())),
                Way::Pages => pages[&(sector / PAGE)],
                Way::Sectors => versions[dice.below(versions.len())].0,
            };
            let stands = versions.iter().rev().find(|(at, _)| *at <= until).unwrap_or(&versions[0]);
            let at = *sector as usize * SECTOR;
            bytes.resize(bytes.len().max(at + SECTOR), 0);
            bytes[at..at + SECTOR].copy_from_slice(&stands.1);
        }
        bytes.resize(size, 0);
        bytes
    }

    /// Up to which change each page stands.
    fn pages(&self, dice: &mut Dice) -> BTreeMap<u64, usize> {
        let mut changes: BTreeMap<u64, BTreeSet<usize>> = BTreeMap::new();
        for (sector, versions) in &self.sectors {
            changes.entry(sector / PAGE).or_default().extend(versions.iter().map(|(at, _)| *at));
        }
        let one = |changes: BTreeSet<usize>| {
            changes.iter().nth(dice.below(changes.len())).copied().unwrap_or(0)
        };
        let (pages, changes): (Vec<_>, Vec<_>) = changes.into_iter().unzip();
        pages.into_iter().zip(changes.into_iter().map(one)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four sectors of ones, synced; then the second, the third and again the second written.
    fn written() -> (Unsynced, Vec<u8>) {
        let mut file = Unsynced::new(4 * SECTOR);
        let block = |with: u8| vec![with; SECTOR];
        file.changed(1, &block(1), &block(2), 4 * SECTOR);
        file.changed(2, &block(1), &block(3), 4 * SECTOR);
        file.changed(1, &block(2), &block(4), 4 * SECTOR);
        (file, [1, 4, 3, 1].map(block).concat())
    }

    /// All contents that a way leads to, a letter a sector.
    fn outcomes(file: &Unsynced, now: &[u8], way: Way) -> BTreeSet<Vec<u8>> {
        let settled = (0..400).map(|seed| file.settle(now, way, &mut Dice::new(seed)));
        settled
            .map(|bytes| {
                let sectors = bytes.chunks(SECTOR);
                sectors
                    .map(|one| if one.iter().all(|b| *b == one[0]) { one[0] } else { 9 })
                    .collect()
            })
            .collect()
    }

    fn set(of: &[[u8; 4]]) -> BTreeSet<Vec<u8>> {
        of.iter().map(|one| one.to_vec()).collect()
    }

    #[test]
    fn what_is_not_synced_stands_or_not_in_any_order() {
        let (file, now) = written();
        let any = set(&[
            [1, 1, 1, 1],
            [1, 2, 1, 1],
            [1, 4, 1, 1],
            [1, 1, 3, 1],
            [1, 2, 3, 1],
            [1, 4, 3, 1],
        ]);
        assert_eq!(outcomes(&file, &now, Way::Sectors), any);
        assert_eq!(outcomes(&file, &now, Way::Synced), set(&[[1; 4]]));
        assert_eq!(outcomes(&file, &now, Way::All), set(&[[1, 4, 3, 1]]));
        assert_eq!(outcomes(&file, &now, Way::AllButOne), set(&[[1, 1, 3, 1], [1, 4, 1, 1]]));
        // One page: as it was after each change.
        let pages = set(&[[1; 4], [1, 2, 1, 1], [1, 2, 3, 1], [1, 4, 3, 1]]);
        assert_eq!(outcomes(&file, &now, Way::Pages), pages);
        assert!(outcomes(&file, &now, Way::Order).is_superset(&pages));
        assert!(outcomes(&file, &now, Way::Order).is_subset(&any));
    }

    #[test]
    fn what_is_synced_stands() {
        let (mut file, now) = written();
        file.synced();
        assert!(file.is_empty());
        for way in WAYS {
            assert_eq!(outcomes(&file, &now, way), set(&[[1, 4, 3, 1]]), "{way:?}");
        }
    }

    #[test]
    fn a_page_is_torn() {
        let mut file = Unsynced::new(0);
        let page = vec![7; PAGE as usize * SECTOR];
        file.changed(0, &vec![0; page.len()], &page, page.len());
        let torn = |seed: u64| {
            let bytes = file.settle(&page, Way::Sectors, &mut Dice::new(seed));
            bytes.contains(&7) && bytes.contains(&0)
        };
        assert!((0..50).any(torn));
        assert!((0..50).all(|seed| {
            let bytes = file.settle(&page, Way::Pages, &mut Dice::new(seed));
            bytes.is_empty() || bytes == page || bytes == vec![0; page.len()]
        }));
    }

    #[test]
    fn a_size_is_lost_with_its_bytes_and_comes_back() {
        let mut file = Unsynced::new(SECTOR);
        // Longer, then cut off to nothing.
        file.changed(1, &[0; SECTOR], &[2; SECTOR], 2 * SECTOR);
        let (before, after) = ([[1; SECTOR], [2; SECTOR]].concat(), [0; 2 * SECTOR]);
        file.changed(0, &before, &after, 0);
        assert_eq!(file.settle(&[], Way::Synced, &mut Dice::new(1)), [1; SECTOR]);
        let lengths: BTreeSet<usize> = (0..100)
            .map(|seed| file.settle(&[], Way::Sectors, &mut Dice::new(seed)).len())
            .collect();
        assert_eq!(lengths, [0, SECTOR, 2 * SECTOR].into());
    }

    #[test]
    fn what_a_failed_sync_gave_up_is_not_synced_by_the_next() {
        let (mut file, now) = written();
        file.sync_failed();
        file.synced();
        assert_eq!(outcomes(&file, &now, Way::Synced), set(&[[1; 4]]));
        // Written once more, and synced, it stands.
        file.changed(1, &[4; SECTOR], &[4; SECTOR], 4 * SECTOR);
        file.synced();
        assert_eq!(outcomes(&file, &now, Way::Synced), set(&[[1, 4, 1, 1]]));
    }
}
