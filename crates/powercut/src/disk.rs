//! The files of a disk, by name: what of them is synced, names too, and what a power cut leaves.

use super::dice::Dice;
use super::sectors::{Unsynced, WAYS, Way};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A file, whatever its name is by now; never 0.
pub type FileId = u64;

struct Held {
    path: PathBuf,
    unsynced: Unsynced,
    /// Its bytes, if it was deleted and may come back.
    deleted: Option<Vec<u8>>,
}

/// Which file a name means.
#[derive(Default)]
struct Name {
    synced: Option<FileId>,
    /// What it meant since, in order.
    since: Vec<Option<FileId>>,
}

impl Name {
    fn now(&self) -> Option<FileId> {
        self.since.last().copied().unwrap_or(self.synced)
    }
}

/// What a cut took.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// How it chose.
    pub way: Option<Way>,
    /// Bytes that were not synced and could have been lost.
    pub unsynced: usize,
    /// Bytes that are other than the process had written them, or gone.
    pub bytes: usize,
    /// Names that mean another file than before the cut, or none.
    pub names: usize,
}

/// A disk.
#[derive(Default)]
pub struct Disk {
    held: HashMap<FileId, Held>,
    names: BTreeMap<PathBuf, Name>,
    newest: FileId,
    /// Whether a sync ever failed.
    pub sync_failed: bool,
}

impl Disk {
    /// A file of this size is open under this name; whether opening made it. What was there
    /// before is on the disk.
    pub fn opened(&mut self, path: &Path, made: bool, size: usize) -> FileId {
        let name = self.names.entry(path.to_owned()).or_default();
        if let Some(known) = name.now().filter(|_| !made) {
            return known;
        }
        self.newest += 1;
        if made {
            name.since.push(Some(self.newest));
        } else {
            *name = Name { synced: Some(self.newest), since: Vec::new() };
        }
        let unsynced = Unsynced::new(size);
        self.held.insert(self.newest, Held { path: path.to_owned(), unsynced, deleted: None });
        self.newest
    }

    /// The name a file was opened under.
    pub fn path(&self, file: FileId) -> &Path {
        self.held.get(&file).map_or(Path::new(""), |held| &held.path)
    }

    /// See `Unsynced::changed`.
    pub fn changed(
        &mut self,
        file: FileId,
        first: u64,
        (before, after): (&[u8], &[u8]),
        size: usize,
    ) {
        if let Some(held) = self.held.get_mut(&file) {
            held.unsynced.changed(first, before, after, size);
        }
    }

    /// A file's sync came back, and if so said its folder's.
    pub fn synced(&mut self, file: FileId, folder_too: bool) {
        let Some(held) = self.held.get_mut(&file) else { return };
        held.unsynced.synced();
        if folder_too && let Some(folder) = held.path.parent().map(Path::to_owned) {
            self.folder_synced(&folder);
        }
    }

    /// A file's sync failed.
    pub fn sync_failed(&mut self, file: FileId) {
        self.sync_failed = true;
        if let Some(held) = self.held.get_mut(&file) {
            held.unsynced.sync_failed();
        }
    }

    /// A name was taken away from a file with these bytes; whether the folder was synced then.
    pub fn deleted(&mut self, path: &Path, bytes: Vec<u8>, folder_too: bool) -> FileId {
        let size = bytes.len();
        let file = self.opened(path, false, size);
        if let Some(held) = self.held.get_mut(&file) {
            held.deleted = Some(bytes);
        }
        self.names.entry(path.to_owned()).or_default().since.push(None);
        if folder_too && let Some(folder) = path.parent() {
            self.folder_synced(folder);
        }
        file
    }

    fn folder_synced(&mut self, folder: &Path) {
        for (_, name) in self.names.iter_mut().filter(|(path, _)| path.parent() == Some(folder)) {
            let now = name.now();
            let gone = std::mem::take(&mut name.since).into_iter().flatten().chain(name.synced);
            for file in gone.filter(|file| Some(*file) != now) {
                self.held.remove(&file);
            }
            name.synced = now;
        }
    }

    /// Makes of the real files what a power cut may leave.
    ///
    /// Whoever has a file open goes on seeing it as it was: what differs is written beside it and
    /// renamed, at the very end. So nobody reads, and tells, what only the next start may see.
    ///
    /// # Errors
    /// If the real disk does not do it.
    pub fn settle(&self, seed: u64) -> io::Result<Lost> {
        let mut dice = Dice::new(seed);
        let way = WAYS[dice.below(WAYS.len())];
        let mut lost = Lost { way: Some(way), ..Lost::default() };
        let (mut renamed, mut removed) = (Vec::new(), Vec::new());
        for (path, name) in &self.names {
            let stands = match way {
                Way::Synced => name.synced,
                Way::AllButOne | Way::All => name.now(),
                _ => name
                    .since
                    .iter()
                    .chain([&name.synced])
                    .nth(dice.below(name.since.len() + 1))
                    .copied()
                    .flatten(),
            };
            lost.names += usize::from(stands != name.now());
            let now = if name.now().is_some() { fs::read(path)? } else { Vec::new() };
            let Some(held) = stands.and_then(|file| self.held.get(&file)) else {
                lost.bytes += now.len();
                removed.extend(name.now().map(|_| path.clone()));
                continue;
            };
            let bytes = held.deleted.as_ref().filter(|_| stands != name.now()).unwrap_or(&now);
            let after = held.unsynced.settle(bytes, way, &mut dice);
            lost.unsynced += held.unsynced.bytes();
            lost.bytes += differing(&now, &after);
            if after != now || name.now().is_none() {
                let beside = beside(path);
                fs::write(&beside, &after)?;
                if let Ok(is) = fs::metadata(path) {
                    fs::set_permissions(&beside, is.permissions())?;
                }
                renamed.push((beside, path.clone()));
            }
        }
        for (from, to) in renamed {
            fs::rename(from, to)?;
        }
        for path in removed {
            fs::remove_file(path)?;
        }
        self.forget_memory(&mut dice);
        Ok(lost)
    }

    /// The index of a write-ahead log is memory in a file's name: after a cut it is whatever it
    /// is, and made anew from the log.
    fn forget_memory(&self, dice: &mut Dice) {
        for path in self.names.keys() {
            let mut memory = path.clone().into_os_string();
            memory.push("-shm");
            if dice.coin() {
                let _ = fs::remove_file(memory);
            }
        }
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut beside = path.to_owned().into_os_string();
    beside.push("-settled");
    beside.into()
}

fn differing(now: &[u8], after: &[u8]) -> usize {
    let same_place = now.iter().zip(after).filter(|(now, after)| now != after).count();
    same_place + now.len().abs_diff(after.len())
}
