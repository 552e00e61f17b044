//! The ways to the databases: who may read along.

use super::Report;
use crate::kit::database::{Database, Mode, Secure};

/// How each database is spoken to. Says no where it is not known for one.
pub(super) fn ways(databases: impl Iterator<Item = Database>, report: &mut Report) -> bool {
    let mut known = true;
    let mut seen: Vec<Database> = Vec::new();
    for database in databases.filter(|database| matches!(database, Database::Url(_))) {
        if seen.contains(&database) {
            continue;
        }
        let shown = database.shown();
        match database.secure() {
            Err(why) => {
                known = false;
                let todo = "name it as said, with --journal or --database; a folder keeps what is \
                            named to `serve`";
                report.stops("connection_unfit", format!("the URL of {shown}: {why}"), todo);
            }
            Ok(Secure { local: true, .. } | Secure { mode: Mode::Verified, .. }) => {}
            Ok(Secure { mode, .. }) => {
                let (code, what) = match mode {
                    Mode::Plain => ("connection_plain", "is spoken to in the clear"),
                    Mode::Offered => ("connection_plain", "is spoken to in the clear if it likes"),
                    _ => ("connection_unverified", "is not asked who it is"),
                };
                let todo = "if anybody else can reach the network between, write \
                            sslmode=verify-full into its URL";
                report.warns(code, format!("{shown} {what}, over a network"), todo);
            }
        }
        seen.push(database);
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_over_a_network_that_others_may_read_is_named() {
        for (url, code) in [
            ("postgres://db.example/fans", Some("connection_unfit")),
            ("postgres://db.example/fans?sslmode=disable", Some("connection_plain")),
            ("postgres://db.example/fans?sslmode=prefer", Some("connection_plain")),
            ("postgres://db.example/fans?sslmode=require", Some("connection_unverified")),
            ("postgres://db.example/fans?sslmode=verify-full", None),
            ("postgres://127.0.0.1/fans?sslmode=disable", None),
        ] {
            let mut report = Report::default();
            let database = Database::Url(url.to_owned());
            let known = ways([database.clone(), database].into_iter(), &mut report);
            let codes: Vec<_> = report.wrong.iter().map(|finding| finding.code).collect();
            assert_eq!(codes, code.into_iter().collect::<Vec<_>>(), "{url}");
            assert_eq!(known, code != Some("connection_unfit"));
        }
    }
}
