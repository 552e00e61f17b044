//! Whether the folder's owner may read and write what is in it. What a command made as root before
//! this was so, or what somebody copied in as root, stops the owner's next start.

use super::Report;
use crate::kit::data::{group_named, user, user_named};
use rustix::fs::{Access, AtFlags, CWD, accessat};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Most files that are named; the command mends all.
const NAMED_MAX: usize = 5;

/// Whether this process can go on looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// It may read everything it needs.
    Clear,
    /// It may not, and that was said: what it cannot read is not damaged.
    Barred,
}

/// Names files that the folder's owner cannot read or write.
pub(super) fn look(path: &Path, report: &mut Report) -> Sight {
    let (Ok(folder), Ok(entries)) = (fs::metadata(path), fs::read_dir(path)) else {
        return Sight::Clear; // That is said where it is read.
    };
    let mut shut: Vec<String> = Vec::new();
    let (mut sight, mut others, mut own) = (Sight::Clear, false, false);
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // Through a link the file counts. What broke off while it was written nobody reads.
        let Ok(data) = fs::metadata(entry.path()) else { continue };
        if !data.is_file() || entry.path().extension() == Some("new".as_ref()) {
            continue;
        }
        let file = (data.uid(), data.gid());
        let Some(cannot) = cannot((folder.uid(), folder.gid()), file, data.mode()) else {
            continue;
        };
        *(if data.uid() == folder.uid() { &mut own } else { &mut others }) = true;
        shut.push(format!("{name} is {}'s, {cannot}", user_named(data.uid())));
        if accessat(CWD, entry.path(), Access::READ_OK, AtFlags::EACCESS).is_err() {
            sight = Sight::Barred;
        }
    }
    if shut.is_empty() {
        return sight;
    }
    shut.sort();
    let more = shut.len().saturating_sub(NAMED_MAX);
    shut.truncate(NAMED_MAX);
    if more > 0 {
        shut.push(format!("and {more} more"));
    }
    let (owner, group, at) = (user_named(folder.uid()), group_named(folder.gid()), path.display());
    let owners = others.then(|| format!("chown -R {owner}:{group} {at}"));
    let modes = own.then(|| format!("chmod -R u+rw {at}"));
    let todo: Vec<String> = owners.into_iter().chain(modes).collect();
    let what = format!("{at} is {owner}'s, who cannot use all of it: {}", shut.join("; "));
    report.stops("file_owner", what, &todo.join(" && "));
    if sight == Sight::Barred {
        report.seen.push(format!("{} may not read on in {at}", user()));
    }
    sight
}

/// What a folder's owner and group cannot do with a file of an owner and group, by its mode; root
/// can do anything.
fn cannot(
    (user, group): (u32, u32),
    (theirs, their_group): (u32, u32),
    mode: u32,
) -> Option<&'static str> {
    let bits = match () {
        () if user == 0 => return None,
        () if user == theirs => mode >> 6,
        () if group == their_group => mode >> 3,
        () => mode,
    };
    match (bits & 4 != 0, bits & 2 != 0) {
        (true, true) => None,
        (true, false) => Some("no right to write"),
        (false, _) => Some("no right to read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_owner_cannot_use_is_known_by_its_mode() {
        let owner = (7, 8);
        assert_eq!(cannot(owner, (7, 8), 0o100_600), None);
        assert_eq!(cannot(owner, (0, 0), 0o100_600), Some("no right to read"));
        assert_eq!(cannot(owner, (0, 0), 0o100_644), Some("no right to write"));
        assert_eq!(cannot(owner, (0, 8), 0o100_660), None);
        assert_eq!(cannot(owner, (0, 8), 0o100_606), Some("no right to read"));
        assert_eq!(cannot(owner, (7, 8), 0o100_400), Some("no right to write"));
        assert_eq!(cannot((0, 0), (7, 8), 0o100_600), None);
    }
}
