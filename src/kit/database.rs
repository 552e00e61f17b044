//! Where a database is: a file of the data folder, or a server.

use std::path::PathBuf;

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// A `SQLite` file.
    File(PathBuf),
    /// A PostgreSQL database's URL.
    Url(String),
}

impl Database {
    /// The place in words, without a password.
    pub fn shown(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Url(url) => match url.split_once("://").map(|(_, rest)| rest) {
                Some(rest) => rest.rsplit_once('@').map_or(rest, |(_, place)| place).to_owned(),
                None => "a database".to_owned(),
            },
        }
    }
}

impl From<PathBuf> for Database {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_shown_without_its_password() {
        let url = Database::Url("postgres://me:s3cr@t@db.example:5432/fans".to_owned());
        assert_eq!(url.shown(), "db.example:5432/fans");
        assert_eq!(Database::Url("nonsense:secret".to_owned()).shown(), "a database");
    }
}
