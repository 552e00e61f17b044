//! Where a festival's rows are: its journals, in the order in which they were first named.

use super::super::database::Database;
use std::path::PathBuf;

/// Most journals a festival may have.
pub const JOURNALS_MAX: usize = 64;

/// A festival's journals, at least one: a file, or databases of servers. Each knows its place in
/// this order, so the order never changes; new ones come behind. The first is the register, which
/// knows of every lane in which of them its rows are.
#[derive(Clone, Debug)]
pub struct Journals {
    first: Database,
    others: Vec<String>,
    festival: Option<String>,
}

impl Journals {
    /// At these URLs.
    ///
    /// # Errors
    /// None where no URL is named.
    pub fn at(urls: &[String]) -> Option<Self> {
        let (first, others) = urls.split_first()?;
        let first = Database::Url(first.clone());
        Some(Self { first, others: others.to_vec(), festival: None })
    }

    /// The same, and refused where a database holds the rows of another festival than this.
    #[must_use]
    pub fn of(self, festival: &str) -> Self {
        Self { festival: Some(festival.to_owned()), ..self }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        1 + self.others.len()
    }

    /// Whether it is a file of the data folder.
    pub fn in_file(&self) -> bool {
        matches!(self.first, Database::File(_))
    }

    /// The URLs; none where it is a file.
    pub fn urls(&self) -> Vec<String> {
        let url = |database| match database {
            Database::File(_) => None,
            Database::Url(url) => Some(url),
        };
        self.databases().filter_map(url).collect()
    }

    /// Whether these are the same places in the same order.
    pub fn are(&self, others: &Self) -> bool {
        let both = || self.databases().zip(others.databases());
        self.count() == others.count() && both().all(|(one, other)| one.is(&other))
    }

    /// A place that is among both, if there is one.
    pub fn shared(&self, others: &Self) -> Option<Database> {
        self.databases().find(|one| others.databases().any(|other| one.is(&other)))
    }

    /// Where they are, in words, without passwords.
    pub fn shown(&self) -> String {
        let others = self.others.iter().map(|url| Database::Url(url.clone()).shown());
        others.fold(self.first.shown(), |shown, place| shown + ", " + &place)
    }

    /// The databases, in order.
    pub fn databases(&self) -> impl Iterator<Item = Database> {
        let others = self.others.iter().cloned().map(Database::Url);
        std::iter::once(self.first.clone()).chain(others)
    }

    /// Each one's database and standing, in order.
    pub(super) fn each(&self) -> impl Iterator<Item = (Database, Standing)> {
        self.databases().enumerate().map(|(place, database)| (database, self.standing(place)))
    }

    fn standing(&self, place: usize) -> Standing {
        Standing { place, of: self.count(), festival: self.festival.clone() }
    }
}

impl From<Database> for Journals {
    fn from(first: Database) -> Self {
        Self { first, others: Vec::new(), festival: None }
    }
}

impl From<PathBuf> for Journals {
    fn from(path: PathBuf) -> Self {
        Database::File(path).into()
    }
}

/// Which journal of which festival a database is.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    /// Its place in the order, from 0.
    pub(super) place: usize,
    /// How many there are.
    pub(super) of: usize,
    /// The festival's id, if that is to be looked at.
    pub(super) festival: Option<String>,
}
