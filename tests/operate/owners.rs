//! Commands that an operator runs as root leave nothing in the data folder that the user who
//! serves from it cannot read. Where the tests do not run as root, that user is their own: the
//! same commands and starts go well then, and nobody is in another's way.

use super::doctor::codes;
use super::shop::{FILE, claim, database, done, held, place, refused};
use crate::common::program::PROGRAM;
use crate::common::served::{Place, Served, words};
use fanfare::kit::token::Role;
use rustix::process::geteuid;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whom the service runs as where the tests run as root.
const NOBODY: u32 = 65_534;

fn service() -> u32 {
    let own = geteuid();
    if own.is_root() { NOBODY } else { own.as_raw() }
}

/// The program where the service's user may run it.
fn program(place: &Place) -> PathBuf {
    let here = place.data.with_file_name("fanfare");
    if !here.exists() {
        fs::hard_link(PROGRAM, &here).or_else(|_| fs::copy(PROGRAM, &here).map(drop)).unwrap();
        fs::set_permissions(&here, Permissions::from_mode(0o755)).unwrap();
    }
    here
}

/// A command as the service's user, who is in no other group.
fn as_service(place: &Place, args: &[&str]) -> Command {
    let inner = place.command(args);
    let mut command = Command::new(program(place));
    command.args(inner.get_args()).current_dir(inner.get_current_dir().unwrap());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// An empty folder of the service's user.
fn folder(path: &Path) {
    fs::create_dir(path).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o700)).unwrap();
    if geteuid().is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    } else {
        println!("not root: the commands run as the user who serves");
    }
}

/// A festival of the service's user that has sold a little.
fn sold() -> Place {
    let place = place(None);
    fs::set_permissions(place.data.parent().unwrap(), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(place.data.with_file_name(FILE), Permissions::from_mode(0o644)).unwrap();
    folder(&place.data);
    let served = serve(&place);
    claim(&served, 1..=3);
    served.end();
    place
}

fn serve(place: &Place) -> Served {
    place.serve_by(as_service(place, &["serve", FILE, "--listen", "127.0.0.1:0"]))
}

/// Everything in a folder is the service's user's, and the folder is.
fn is_theirs(path: &Path) {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    for path in entries.chain([path.to_owned()]) {
        let data = fs::metadata(&path).unwrap();
        assert_eq!(data.uid(), service(), "{}", path.display());
        let group = if geteuid().is_root() { NOBODY } else { data.gid() };
        assert_eq!(data.gid(), group, "{}", path.display());
    }
}

/// The service's user starts it, and it answers.
fn goes_on(place: &Place, command: &str) {
    is_theirs(&place.data);
    let served = serve(place);
    let ready = served.ask(("GET", "/readyz"), 1, Role::Fan, "");
    assert_eq!(ready.status, 200, "behind {command}: {ready:?}");
    served.end();
    is_theirs(&place.data);
    let said = words(&as_service(place, &["verify"]).output().unwrap());
    assert!(said.contains("holds: "), "behind {command}: {said}");
}

#[test]
fn what_root_does_leaves_the_folder_to_the_user_who_serves() {
    let mut place = sold();
    let (url, _server) = database();
    for command in [
        &["key", "rotate", "--tokens", "--signing"][..],
        &["move", "--to", &url],
        &["move", "--to", "sqlite"],
        &["verify"],
        &["doctor", "--stopped"],
    ] {
        done(&place, command);
        goes_on(&place, command[0]);
    }
    // Root serves too, and the folder's owner can ask that server.
    let served = place.serve(Some(FILE));
    is_theirs(&place.data);
    let said = words(&as_service(&place, &["apply", FILE]).output().unwrap());
    assert!(said.contains("nothing differs"), "{said}");
    served.end();
    goes_on(&place, "serve");
    let was = held(&place);
    let kept = place.data.with_file_name("kept");
    folder(&kept);
    let backup = kept.join("one");
    done(&place, &["backup", FILE, "--to", backup.to_str().unwrap()]);
    is_theirs(&kept);
    is_theirs(&backup);
    goes_on(&place, "backup");

    place.data = place.data.with_file_name("brought");
    folder(&place.data);
    let from = ["restore", "--from", backup.to_str().unwrap()];
    let said = done(&place, &from);
    assert!(!said.contains("chown"), "{said}");
    assert_eq!(held(&place), was);
    goes_on(&place, "restore --from");

    let connection = rusqlite::Connection::open(place.data.join("journal.sqlite")).unwrap();
    let newest = "(SELECT MAX(seq) FROM journal)";
    connection.execute(&format!("DELETE FROM journal WHERE seq = {newest}"), []).unwrap();
    drop(connection);
    assert_eq!(codes(&place, &[]), ["journal_short"]);
    refused(&place, &["restore", FILE]);
    done(&place, &["restore", FILE, "--accept-loss"]);
    goes_on(&place, "restore --accept-loss");

    // A new folder is the user's whose folder it stands in.
    place.data = place.data.with_file_name("anew");
    let said = done(&place, &from);
    let roots = geteuid().is_root();
    assert_eq!(said.contains("chown -R USER:GROUP"), roots, "{said}");
    place.data = kept.join("anew");
    done(&place, &from);
    is_theirs(&place.data);
}

#[test]
fn a_file_that_its_folders_owner_cannot_read_is_named_with_who_lacks_what() {
    let place = sold();
    let close = |path: PathBuf| {
        if geteuid().is_root() {
            chown(path, Some(0), Some(0)).unwrap();
        } else {
            fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap();
        }
    };
    let user = fanfare::kit::data::user_named(service());
    for name in ["festival.key", "token.key", "heads", "festival", "journal.sqlite"] {
        close(place.data.join(name));
        // Where one of the witness's files cannot be read the other one testifies.
        if name == "heads" {
            close(place.data.join("heads.before"));
        }
        let start = as_service(&place, &["serve", FILE, "--listen", "127.0.0.1:0"]).output();
        let start = start.unwrap();
        let said = words(&start);
        assert_eq!(start.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains(&format!("give user {user} the right to read")), "{name}: {said}");
        // Whoever asks hears of the cause, and of nothing that only follows from it.
        assert_eq!(codes(&place, &[]), ["file_owner"], "{name}");
        let asked = as_service(&place, &["doctor"]).output().unwrap();
        let said = words(&asked);
        assert_eq!(asked.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains(&format!("stops file_owner: {}", place.data.display())), "{said}");
        assert_eq!(said.matches("\n  do: ").count(), 2, "that, and that nobody serves: {said}");
        assert!(said.contains("stops server_down"), "{said}");
        let todo = said.lines().find_map(|line| line.strip_prefix("  do: ")).unwrap();
        let verb = if geteuid().is_root() { "chown -R " } else { "chmod -R u+rw " };
        assert!(todo.starts_with(verb), "{todo}");
        let mended = Command::new("sh").args(["-c", todo]).status().unwrap();
        assert!(mended.success(), "{todo}");
        assert!(codes(&place, &[]).is_empty(), "{name}");
    }
    goes_on(&place, "chown");
}

#[test]
fn the_pages_run_every_command_as_the_user_who_serves() {
    let mut commands = 0;
    for page in ["README.md", "one-machine.md", "three-nodes.md", "patroni.md"] {
        let text = fs::read_to_string(Path::new("docs/operate").join(page)).unwrap();
        for block in text.split("```sh\n").skip(1) {
            let block = block.split("```").next().unwrap().replace("\\\n", "");
            for line in block.lines().filter(|line| !line.starts_with('#')) {
                let flags = [" --data ", " --config "];
                if line.contains("fanfare ") && flags.iter().any(|flag| line.contains(flag)) {
                    assert!(line.starts_with("runuser -u fanfare -- "), "{page}: {line}");
                    commands += 1;
                }
            }
        }
    }
    assert!(commands > 10, "{commands}");
}
