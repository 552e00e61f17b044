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

    /// Where they are, in words, without passwords.
    pub fn shown(&self) -> String {
        let others = self.others.iter().map(|url| Database::Url(url.clone()).shown());
        others.fold(self.first.shown(), |shown, place| shown + ", " + &place)
    }

    /// Where each is, in order.
    pub fn places(&self) -> impl Iterator<Item = Database> {
        self.each().map(|(database, _)| database)
    }

    /// Each one's database and standing, in order.
    pub(super) fn each(&self) -> impl Iterator<Item = (Database, Standing)> {
        let others = self.others.iter().cloned().map(Database::Url);
        let databases = std::iter::once(self.first.clone()).chain(others);
        databases.enumerate().map(|(place, database)| (database, self.standing(place)))
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
