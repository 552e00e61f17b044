//! TLS to PostgreSQL: a festival held over it, and each way in which it is refused, in words, for
//! the journal and for the tables.

#[path = "tls/cert.rs"]
mod cert;
mod common;

use cert::Pair;
use common::festival::{BOX, open_boxes};
use common::postgres::Postgres;
use common::served::{Place, words};
use fanfare::kit::data::DataFolder;
use fanfare::kit::database::Database;
use fanfare::kit::db::{Cold, MIGRATIONS};
use fanfare::kit::journal::{JournalWriter, Journals};
use fanfare::kit::scratch::Scratch;
use std::path::Path;

const FILE: &str = "festival.toml";
const TERMS: &str = "open_for = \"2d\"\nhold = \"30m\"\nlimit = 2";

/// Lets in whoever comes by TLS, and by the server's own socket.
const BY_TLS: &str = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n";

/// The same, whoever shows a certificate.
const BY_CERT: &str = "local all all trust\nhostssl all all 127.0.0.1/32 cert\n";

/// A server that speaks TLS, the pair it shows, and a pair of somebody else.
struct Secured {
    server: Postgres,
    own: Pair,
    other: Pair,
    _scratch: Scratch,
}

impl Secured {
    fn start(lets_in: &str) -> Self {
        let scratch = Scratch::new(None, "database-tls").unwrap();
        let own = Pair::make(scratch.path(), "own", [1; 32]);
        let other = Pair::make(scratch.path(), "other", [2; 32]);
        let server = Postgres::alone();
        server.secure(
            [&own.cert, &own.key],
            &other.cert,
            "local all all trust\nhost all all all trust\n",
        );
        let secured = Self { server, own, other, _scratch: scratch };
        secured.lets_in(lets_in);
        secured
    }

    fn lets_in(&self, whom: &str) {
        self.server.secure([&self.own.cert, &self.own.key], &self.other.cert, whom);
    }

    /// A fresh database's URL by a name of the server's, with these parameters.
    fn url(&self, host: &str, parameters: &str) -> String {
        let url = self.server.database();
        format!("{}?{parameters}", url.replace("127.0.0.1", host))
    }

    fn verified(&self, host: &str, by: &Path) -> String {
        self.url(host, &format!("sslmode=verify-full&sslrootcert={}", by.display()))
    }
}

/// What is said when journal and tables are opened there; nothing if they are.
fn opened(url: &str) -> [Option<String>; 2] {
    let place = Database::Url(url.to_owned());
    let journal = JournalWriter::open(&Journals::from(place.clone()).of("fans"));
    let tables = Cold::open(&place, MIGRATIONS, 0);
    [journal.err().map(|why| why.to_string()), tables.err().map(|why| why.to_string())]
}

fn refused(url: &str, because: &str) {
    for said in opened(url) {
        let said = said.unwrap_or_else(|| panic!("{url} was taken"));
        assert!(said.contains(because), "{url}: {said}");
        assert!(said.len() < 600, "{said}");
    }
}

/// Fails if a connection of ours to this database is not over TLS, or none is.
const ALL_BY_TLS: &str = "SELECT 1 / (COUNT(*) FILTER (WHERE ssl) * \
    (1 - LEAST(1, COUNT(*) FILTER (WHERE NOT ssl)))) \
    FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
    WHERE application_name = 'fanfare' AND datname = current_database()";

#[test]
fn a_festival_is_held_over_tls_and_comes_back_by_it() {
    let secured = Secured::start(BY_TLS);
    let mut place = Place::new();
    let url = secured.verified("localhost", &secured.own.cert);
    place.database = Some(url.clone());
    place.write(FILE, &open_boxes("shop", TERMS, 100));
    let served = place.serve(Some(FILE));
    assert_eq!(served.claim("boxes", 1, BOX).status, 201);
    let psql = url.split('?').next().unwrap().to_owned();
    Postgres::sql(&psql, ALL_BY_TLS);
    Postgres::sql(
        &psql,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE application_name = 'fanfare' AND datname = current_database()",
    );
    let again = (0..40).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(250));
        matches!(served.claim("boxes", 2, BOX).status, 200 | 201)
    });
    assert!(again, "{}", served.said());
    Postgres::sql(&psql, ALL_BY_TLS);
    served.end();
    let output = place.run(&["doctor", "--stopped"]);
    assert!(output.status.success(), "{}", words(&output));
    // The folder keeps how the journal is spoken to.
    let kept = DataFolder::look(&place.data).unwrap();
    assert_eq!(kept.journal(), Database::Url(url));
    let output = place.run(&["verify"]);
    assert!(output.status.success(), "{}", words(&output));
}

#[test]
fn a_server_that_is_not_the_one_is_refused_in_words() {
    let secured = Secured::start(BY_TLS);
    let (own, other) = (&secured.own.cert, &secured.other.cert);
    assert_eq!(opened(&secured.verified("localhost", own)), [None, None]);
    refused(&secured.verified("localhost", other), "from no authority that is trusted here");
    refused(&secured.url("localhost", "sslmode=verify-full"), "from no authority that is trusted");
    refused(&secured.verified("127.0.0.1", own), "not the one that the URL names");
    refused(&secured.verified("localhost", Path::new("/nowhere/ca.pem")), "No such file");
    refused(&secured.verified("localhost", &secured.own.key), "there is no certificate in it");
    refused(&secured.url("localhost", "sslmode=disable"), "no encryption");
    refused(&secured.url("localhost", "sslmode=verify-ca"), "write verify-full");
    // Whoever it is, for those who ask for no more than TLS.
    assert_eq!(opened(&secured.url("127.0.0.1", "sslmode=require")), [None, None]);
    assert_eq!(opened(&secured.url("127.0.0.1", "sslmode=prefer")), [None, None]);
    assert_eq!(opened(&secured.url("127.0.0.1", "")), [None, None]);
}

#[test]
fn a_server_without_tls_is_refused_where_tls_is_asked_for() {
    let server = Postgres::shared();
    let url = |mode: &str| format!("{}?sslmode={mode}", server.database());
    refused(&url("require"), "the server speaks no TLS");
    refused(&url("verify-full"), "the server speaks no TLS");
    assert_eq!(opened(&url("prefer")), [None, None]);
    assert_eq!(opened(&url("disable")), [None, None]);
    // Another machine, and not a word of how.
    refused("postgres://fanfare@192.0.2.1/fans", "add ?sslmode=verify-full");
}

#[test]
fn a_certificate_of_its_own_lets_it_in_without_a_password() {
    let secured = Secured::start(BY_CERT);
    let shown = |pair: &Pair| {
        let (cert, key) = (pair.cert.display(), pair.key.display());
        let by = secured.own.cert.display();
        let files = format!("sslrootcert={by}&sslcert={cert}&sslkey={key}");
        secured.url("localhost", &format!("sslmode=verify-full&{files}"))
    };
    assert_eq!(opened(&shown(&secured.other)), [None, None]);
    refused(&shown(&secured.own), "if it asks for a certificate");
    refused(&secured.verified("localhost", &secured.own.cert), "client certificate");
}

#[test]
fn a_journal_that_is_spoken_to_in_another_way_is_the_same_journal() {
    let secured = Secured::start("local all all trust\nhost all all 127.0.0.1/32 trust\n");
    let mut place = Place::new();
    let plain = secured.url("localhost", "sslmode=disable");
    let (at, _) = plain.split_once('?').unwrap();
    let by = secured.own.cert.display();
    let safe = format!("{at}?sslmode=verify-full&sslrootcert={by}");
    place.write(FILE, &open_boxes("shop", TERMS, 100));
    place.journals = vec![plain.clone()];
    let served = place.serve(Some(FILE));
    assert_eq!(served.claim("boxes", 1, BOX).status, 201);
    served.end();
    secured.lets_in(BY_TLS);
    place.journals = vec![safe.clone()];
    let output = place.run(&["verify"]);
    assert!(output.status.success(), "{}", words(&output));
    let served = place.serve(Some(FILE));
    assert_eq!(served.claim("boxes", 1, BOX).status, 200);
    served.end();
    place.journals.clear();
    assert_eq!(DataFolder::look(&place.data).unwrap().journal(), Database::Url(safe));
}
