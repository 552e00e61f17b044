//! Where a database is: a file of the data folder, or a server.

mod hosts;
mod secure;
mod trust;

pub use secure::{LIKE, Mode, Secure};
pub use trust::{client, words};

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
                Some(rest) => without_secrets(rest),
                None => "a database".to_owned(),
            },
        }
    }

    /// Whether it is the same place, spoken to in whatever way and as whomever.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one), Self::File(other)) => one == other,
            (Self::Url(_), Self::Url(_)) => self.shown() == other.shown(),
            _ => false,
        }
    }

    /// A URL for each host that is named, or the one that there is.
    pub fn each_host(&self) -> Vec<String> {
        let Self::Url(url) = self else { return Vec::new() };
        let start = url.find("://").map_or(0, |at| at + 3);
        let end = url[start..].find(['/', '?']).map_or(url.len(), |at| start + at);
        let first = url[start..end].rfind('@').map_or(start, |at| start + at + 1);
        let hosts = url[first..end].split(',');
        hosts.map(|host| format!("{}{host}{}", &url[..first], &url[end..])).collect()
    }
}

/// Host, name and parameters of a URL: who comes there, by what word, and how it is spoken to is
/// left out.
fn without_secrets(url: &str) -> String {
    let (place, said) =
        url.split_once('?').map_or((url, None), |(place, said)| (place, Some(said)));
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    let left_out = |pair: &&str| {
        let pair = pair.to_ascii_lowercase();
        pair.contains("pass") || pair.starts_with("ssl")
    };
    let said = said.into_iter().flat_map(|said| said.split('&')).filter(|pair| !left_out(pair));
    let said: Vec<&str> = said.collect();
    if said.is_empty() { place.to_owned() } else { format!("{place}?{}", said.join("&")) }
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
        let url = "postgres:///fans?host=/run/pg&user=me&password=s3cr@t&passfile=/x".to_owned();
        assert_eq!(Database::Url(url).shown(), "/fans?host=/run/pg&user=me");
        assert_eq!(Database::Url("nonsense:secret".to_owned()).shown(), "a database");
    }

    #[test]
    fn a_place_stays_the_same_however_it_is_spoken_to() {
        let url = |url: &str| Database::Url(url.to_owned());
        let plain = url("postgres://me@db/fans");
        assert!(plain.is(&url("postgres://you:pw@db/fans?sslmode=verify-full&sslrootcert=/ca")));
        assert!(!plain.is(&url("postgres://me@db/others")));
        assert!(!plain.is(&Database::File("db/fans".into())));
    }

    #[test]
    fn each_host_of_a_url_has_a_url() {
        let each = |url: &str| Database::Url(url.to_owned()).each_host();
        let two = each("postgres://me:a,b@one,[::1]:5433/fans?sslmode=disable");
        let expected = [
            "postgres://me:a,b@one/fans?sslmode=disable",
            "postgres://me:a,b@[::1]:5433/fans?sslmode=disable",
        ];
        assert_eq!(two, expected);
        for one in ["postgres://me@db.example:5432/fans", "postgres://db?user=me", "nonsense"] {
            assert_eq!(each(one), [one]);
        }
    }
}
