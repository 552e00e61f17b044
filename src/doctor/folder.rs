//! The data folder: whose it is, who serves it, who may read it.

use super::keys::own;
use super::owner::{self, Sight};
use super::{Patient, Report};
use crate::kit::data::{DataError, DataFolder};
use crate::kit::keys;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

/// The folder, if there is one to be looked at.
pub(super) fn look(patient: &Patient<'_>, report: &mut Report) -> Option<DataFolder> {
    let path = patient.data;
    if !path.is_dir() {
        let what = format!("{} is not there, or is no folder", path.display());
        report.stops("folder_missing", what, "name the data folder with --data, or start `serve`");
        return None;
    }
    if DataFolder::is_unfinished(path) {
        let what = DataError::Unfinished(path.to_owned()).to_string();
        report.stops("folder_unfinished", what, "remove it, and `fanfare restore --from` again");
        // Whatever else is not as it should be in there is so because of that.
        return None;
    }
    if owner::look(path, report) == Sight::Barred {
        return None;
    }
    let mut folder = match DataFolder::look(path) {
        Ok(folder) => folder,
        Err(why @ DataError::Empty(_)) => {
            let todo = "name the right folder with --data; a new festival begins with `serve`";
            report.stops("folder_empty", why.to_string(), todo);
            return None;
        }
        Err(why @ DataError::Newer(..)) => {
            report.stops("folder_newer", why.to_string(), "install the newer fanfare again");
            return None;
        }
        Err(why) => {
            let todo = "ask as the user that serves from it, or as root";
            report.stops("folder_unread", why.to_string(), todo);
            return None;
        }
    };
    if let Err(why) = folder.speak_as(patient.journal) {
        report.stops("folder_foreign", why.to_string(), "leave --journal out, or name that place");
    }
    if let Ok(Some(to)) = folder.moving() {
        let what = format!("a move of the journal to {} was begun and is not finished", to.shown());
        let todo = "do the same `fanfare move` again; or serve, which goes on from the one place \
                    that counts";
        report.warns("move_unfinished", what, todo);
    }
    modes(path, report);
    own(&folder, report);
    report.seen.push(format!("festival {} in {}", folder.festival(), path.display()));
    Some(folder)
}

/// Who but its owner may look in.
fn modes(path: &Path, report: &mut Report) {
    let mode = |path: &Path| fs::metadata(path).map(|data| data.permissions().mode() & 0o777);
    if let Ok(mode) = mode(path)
        && mode & 0o077 != 0
    {
        let what = format!("others may look into {} (mode {mode:03o})", path.display());
        report.risks("folder_open", what, &format!("chmod 700 {}", path.display()));
    }
    for name in keys::NAMES.into_iter().chain(["journals"]) {
        let file = path.join(name);
        if let Ok(mode) = mode(&file)
            && mode & 0o077 != 0
        {
            let what = format!("others may read {} (mode {mode:03o})", file.display());
            let todo =
                format!("chmod 600 {}; if somebody may have read it, say so", file.display());
            report.risks("file_open", what, &todo);
        }
    }
}

/// The process that holds the folder's lock, if it can be known.
pub(super) fn holder(path: &Path, report: &mut Report) -> Option<u32> {
    let lock = fs::metadata(path.join("fanfare.lock")).ok()?;
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let pid = locks.lines().find_map(|line| holder_in(line, lock.ino()))?;
    report.seen.push(format!("process {pid} has it in use"));
    Some(pid)
}

/// The process of a line of `/proc/locks`, if the line is about this file: a number, FLOCK, two
/// words, the process, then device and file.
fn holder_in(line: &str, ino: u64) -> Option<u32> {
    let mut words = line.split_whitespace().skip(1);
    let (kind, pid) = (words.next()?, words.nth(2)?);
    let file = words.next()?.rsplit(':').next()?;
    (kind == "FLOCK" && file.parse() == Ok(ino)).then(|| pid.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_systems_locks_is_read() {
        let line = "3: FLOCK  ADVISORY  WRITE 4711 08:01:123456 0 EOF";
        assert_eq!(holder_in(line, 123_456), Some(4711));
        assert_eq!(holder_in(line, 123), None);
        assert_eq!(holder_in(&line.replace("FLOCK", "POSIX"), 123_456), None);
        assert_eq!(holder_in("3: -> FLOCK", 1), None);
    }
}
