//! How a database's URL says it is spoken to: `sslmode` and its files, as libpq's users write
//! them, less what only looks safe (docs/decisions/0032-how-databases-are-spoken-to.md).

use super::Database;
use super::hosts::{decoded, hosts_of, is_local, is_socket};
use std::path::PathBuf;

/// How much is asked of the way to a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In the clear (`disable`), or through a socket of this machine.
    Plain,
    /// TLS if the server offers it, whoever it is (`prefer`).
    Offered,
    /// TLS, whoever the server is (`require`).
    Required,
    /// TLS with the server that the URL names (`verify-full`).
    Verified,
}

/// How a database is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secure {
    /// How much is asked.
    pub mode: Mode,
    /// Whether no network lies between.
    pub local: bool,
    /// The authorities that are trusted; none named, those that browsers trust.
    pub authorities: Option<PathBuf>,
    /// Our own certificate and its key, by which the server may know us.
    pub shown: Option<(PathBuf, PathBuf)>,
    /// The URL without what is said of all this.
    pub url: String,
}

/// What a URL looks like.
pub const LIKE: &str = "write it like postgres://user:password@host:5432/name";

/// What a URL says of TLS.
#[derive(Default)]
struct Said {
    mode: Option<String>,
    authorities: Option<String>,
    cert: Option<String>,
    key: Option<String>,
}

impl Database {
    /// How a URL says that its database is spoken to.
    ///
    /// # Errors
    /// If it says it wrongly, or names another machine and says nothing: what to write.
    pub fn secure(&self) -> Result<Secure, String> {
        let Self::Url(url) = self else { return Err("a file is not spoken to".to_owned()) };
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(LIKE.to_owned());
        }
        let (place, parameters) = url.split_once('?').unwrap_or((url, ""));
        let (mut said, mut left) = (Said::default(), Vec::new());
        let mut hosts = hosts_of(place);
        for pair in parameters.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decoded(value).ok_or_else(|| format!("{name}: `%` stands for nothing"))?;
            match name {
                "sslmode" => said.mode = Some(value),
                "sslrootcert" => said.authorities = Some(value),
                "sslcert" => said.cert = Some(value),
                "sslkey" => said.key = Some(value),
                name if name.to_ascii_lowercase().starts_with("ssl") => {
                    return Err(format!(
                        "{name} is not known here; a URL may have sslmode, sslrootcert, sslcert \
                         and sslkey"
                    ));
                }
                "host" | "hostaddr" => {
                    hosts.retain(|host| !host.is_empty());
                    hosts.extend(value.split(',').map(str::to_owned));
                    left.push(pair);
                }
                _ => left.push(pair),
            }
        }
        let local = hosts.iter().all(|host| is_local(host));
        let url = if left.is_empty() { place.to_owned() } else { place.to_owned() + "?" };
        let url = url + &left.join("&");
        if hosts.iter().all(|host| is_socket(host)) {
            let (authorities, shown) = (None, None);
            return Ok(Secure { mode: Mode::Plain, local, authorities, shown, url });
        }
        let mode = said.mode(local, &self.shown())?;
        let (authorities, shown) = said.files(mode)?;
        Ok(Secure { mode, local, authorities, shown, url })
    }
}

impl Said {
    fn mode(&self, local: bool, shown: &str) -> Result<Mode, String> {
        Ok(match self.mode.as_deref() {
            Some("disable") => Mode::Plain,
            Some("prefer") => Mode::Offered,
            Some("require") => Mode::Required,
            Some("verify-full") => Mode::Verified,
            Some("allow") => return Err("sslmode=allow: write prefer, or disable".to_owned()),
            Some("verify-ca") => {
                return Err("sslmode=verify-ca takes any server its authority ever vouched for: \
                            write verify-full"
                    .to_owned());
            }
            Some(_) => {
                return Err("sslmode is disable, prefer, require or verify-full".to_owned());
            }
            None if local => Mode::Offered,
            None => {
                return Err(format!(
                    "{shown} is on another machine, and its URL does not say how it is spoken to: \
                     add ?sslmode=verify-full, and &sslrootcert=FILE if its certificate is from \
                     an authority of your own; or ?sslmode=disable, in the clear, if the network \
                     between is yours alone"
                ));
            }
        })
    }

    #[expect(clippy::type_complexity, reason = "two fields of the struct above")]
    fn files(self, mode: Mode) -> Result<(Option<PathBuf>, Option<(PathBuf, PathBuf)>), String> {
        if self.authorities.is_some() && mode != Mode::Verified {
            return Err("sslrootcert says who is trusted, and only sslmode=verify-full looks at \
                        that: write both"
                .to_owned());
        }
        // libpq's word for the authorities that everybody trusts.
        let authorities = self.authorities.filter(|path| path != "system").map(PathBuf::from);
        match (self.cert, self.key) {
            (None, None) => Ok((authorities, None)),
            (Some(_), Some(_)) if matches!(mode, Mode::Plain | Mode::Offered) => {
                Err("sslcert and sslkey are shown by TLS: write sslmode=verify-full too".to_owned())
            }
            (Some(cert), Some(key)) => Ok((authorities, Some((cert.into(), key.into())))),
            _ => Err("sslcert and sslkey are two files of one pair: name both".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secure(url: &str) -> Result<Secure, String> {
        Database::Url(url.to_owned()).secure()
    }

    #[test]
    fn another_machine_is_spoken_to_only_as_its_url_says() {
        for (url, mode) in [
            ("postgres://me@localhost/fans", Mode::Offered),
            ("postgres://me:a%40b@127.0.0.1:5433,[::1]:5434/fans", Mode::Offered),
            ("postgres://127.0.0.1/fans?sslmode=disable", Mode::Plain),
            ("postgres:///fans?host=/run/pg", Mode::Plain),
            ("postgres:///fans?host=/run/pg&sslmode=verify-full", Mode::Plain),
            ("postgres://me@%2Frun%2Fpg/fans", Mode::Plain),
            ("postgres://db.example/fans?sslmode=disable", Mode::Plain),
            ("postgres://db.example/fans?sslmode=prefer", Mode::Offered),
            ("postgres://db.example/fans?sslmode=require", Mode::Required),
            ("postgres://db.example/fans?sslmode=verify-full", Mode::Verified),
        ] {
            assert_eq!(secure(url).map(|secure| secure.mode), Ok(mode), "{url}");
        }
        for url in [
            "postgres://me:s3cret@db.example/fans",
            "postgres://127.0.0.1,10.0.0.1:5432/fans",
            "postgres://[fd00::1]/fans",
            "postgres:///fans?host=db.example",
            "postgres://127.0.0.1/fans?hostaddr=10.0.0.1",
            "postgres://localhost@db.example/fans",
            "postgres://localhost:a/b@db.example/fans",
            "postgres://localhost.example/fans",
        ] {
            let why = secure(url).unwrap_err();
            assert!(why.contains("sslmode=verify-full") && !why.contains("s3cret"), "{why}");
        }
    }

    #[test]
    fn what_only_looks_safe_is_refused_with_what_to_write() {
        for (said, words) in [
            ("sslmode=verify-ca", "write verify-full"),
            ("sslmode=allow", "write prefer"),
            ("sslmode=yes", "is disable, prefer"),
            ("sslmode=", "is disable, prefer"),
            ("sslmode=require&sslrootcert=/ca", "only sslmode=verify-full looks"),
            ("sslmode=verify-full&sslcert=/a", "name both"),
            ("sslmode=disable&sslcert=/a&sslkey=/b", "write sslmode=verify-full too"),
            ("sslnegotiation=direct", "sslnegotiation is not known"),
            ("SSLMODE=disable", "SSLMODE is not known"),
            ("sslmode=%", "stands for nothing"),
        ] {
            let why = secure(&format!("postgres://db.example/fans?{said}")).unwrap_err();
            assert!(why.contains(words), "{said}: {why}");
        }
    }

    #[test]
    fn what_is_said_of_tls_is_taken_out_of_the_url() {
        let all = "connect_timeout=3&sslmode=verify-full&sslrootcert=%2Fmy%20ca&sslcert=c&sslkey=k";
        let said = secure(&format!("postgres://me:pw@db/fans?{all}&user=x")).unwrap();
        assert_eq!(said.url, "postgres://me:pw@db/fans?connect_timeout=3&user=x");
        assert_eq!(said.authorities, Some("/my ca".into()));
        assert_eq!(said.shown, Some(("c".into(), "k".into())));
        let everybodys = "postgres://db/fans?sslmode=verify-full&sslrootcert=system";
        let everybodys = secure(everybodys).unwrap();
        assert_eq!((everybodys.authorities, &*everybodys.url), (None, "postgres://db/fans"));
    }
}
