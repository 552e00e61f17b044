//! Nobody but the user a server runs as reads its data folder, whatever the umask and whatever an
//! older version left.

use super::day;
use crate::common::program::Program;
use crate::common::served::Place;
use fanfare::kit::token::Role;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Every file and folder others may do something with.
fn open_to_others(folder: &Path) -> Vec<String> {
    let mut open = Vec::new();
    let mut look = |path: &Path| {
        let mode = fs::metadata(path).unwrap().permissions().mode();
        if mode & 0o077 != 0 {
            open.push(format!("{} {:o}", path.display(), mode & 0o7777));
        }
    };
    look(folder);
    fs::read_dir(folder).unwrap().for_each(|entry| look(&entry.unwrap().path()));
    open
}

/// A server under this umask, which a shell sets for it.
fn serve(place: &Place, umask: &str) -> Program {
    let inner = place.command(&["serve", "day.toml", "--listen", "127.0.0.1:0"]);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]);
    command.arg(inner.get_program()).args(inner.get_args());
    command.current_dir(inner.get_current_dir().unwrap()).stdin(Stdio::null());
    Program::start(command.env("FANFARE_LOG", "error").stderr(Stdio::null()))
}

#[test]
fn nobody_else_reads_the_data_folder_whatever_the_umask() {
    for umask in ["000", "022"] {
        let place = Place::new();
        place.write("day.toml", &day());
        let mut program = serve(&place, umask);
        let server = program.address();
        let tokens = fanfare::kit::token::Tokens::of(&crate::keys::keys(&place));
        let token = crate::common::token_now(&tokens, 7, Role::Fan);
        let mut client = crate::common::http::Client::connect(server).unwrap();
        let claims = ("POST", "/api/v1/drops/boxes/claims");
        let made = client.call(claims, &token, None, r#"{"item":"box"}"#).unwrap();
        assert_eq!(made.status, 201, "{}", made.text);
        let witness = || place.data.join("heads.before").exists();
        let waiting = fanfare::kit::clock::Stopwatch::start();
        while !witness() && waiting.passed_s() < 10.0 {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        for name in ["journal.sqlite-wal", "journal.sqlite-shm", "cold.sqlite-wal", "heads.before"]
        {
            assert!(place.data.join(name).exists(), "{name}");
        }
        assert_eq!(open_to_others(&place.data), Vec::<String>::new(), "serving, umask {umask}");
        assert_eq!(program.end(), Some(0));
        assert_eq!(open_to_others(&place.data), Vec::<String>::new(), "ended, umask {umask}");
    }
}

#[test]
fn what_an_older_version_left_open_is_closed_at_the_next_start() {
    let place = Place::new();
    place.write("day.toml", &day());
    place.serve(Some("day.toml")).end();
    let names = ["journal.sqlite", "cold.sqlite", "heads", "festival"];
    for name in names {
        let path = place.data.join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    }
    assert_eq!(open_to_others(&place.data).len(), names.len());
    let served = place.serve(Some("day.toml"));
    assert_eq!(open_to_others(&place.data), Vec::<String>::new());
    served.end();
}
