//! How files and folders come to be in a data folder: closed to others, whole, and its owner's.
//!
//! Root may write another user's folder, and what root makes is root's: closed to others, it is
//! then closed to the very user who serves from there, and the next start fails. So whatever is
//! made takes the owner and the group of the folder it stands in, before it has its name. Nothing
//! is stranded by a crash in between: until then it has a name that ends in `.new`, which the
//! next who writes it removes, and whoever owns a folder may remove anything in it.
//!
//! Databases are made by libraries. Their file is made here first, empty, and gets its name with
//! its owner; what `SQLite` puts beside it (`-wal`, `-shm`, `-journal`) it gives, as root, to the
//! owner of the database's file itself, in the call behind the one that makes it.
//!
//! Only what was made a moment ago is given away, by its descriptor and never by its name, and
//! names are never followed: the folder's owner could put a link to any of root's files there.

use super::DataError;
use rustix::fs::{AtFlags, Gid, Mode, OFlags, Uid, chownat, open};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// Writes a file that nobody else may read, whole or not at all, and comes back when it is on the
/// disk.
///
/// # Errors
/// If it cannot be written.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    let written = write(path, bytes, true).and_then(|()| File::open(folder_of(path))?.sync_all());
    written.map_err(|why| DataError::io(path, &why))
}

/// The same, unsynced.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    write(path, bytes, false).map_err(|why| DataError::io(path, &why))
}

/// Writes it beside its place, then renames it there.
fn write(path: &Path, bytes: &[u8], synced: bool) -> io::Result<()> {
    let beside = beside(path);
    let mut file = make_anew(&beside)?;
    file.write_all(bytes)?;
    if synced {
        file.sync_all()?;
    }
    fs::rename(&beside, path)
}

/// Makes an empty file that nobody else may read, where there is none: a database made in it, and
/// what it writes beside it, is as closed.
///
/// # Errors
/// If it cannot be made.
pub fn make_private(path: &Path) -> io::Result<()> {
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    let made = if heir(path)?.is_some() {
        // A link takes no other's place, as a rename would: somebody may have made it meanwhile.
        let beside = beside(path);
        make_anew(&beside)?;
        let linked = fs::hard_link(&beside, path);
        fs::remove_file(&beside)?;
        linked
    } else {
        make_new(path).map(drop)
    };
    made.or_else(|why| if why.kind() == io::ErrorKind::AlreadyExists { Ok(()) } else { Err(why) })
}

/// Makes an empty file that nobody else may read. One that is there is an error.
///
/// # Errors
/// If it is there, or cannot be made.
pub fn make_new(path: &Path) -> io::Result<File> {
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    give(&file, path)?;
    Ok(file)
}

/// The same, in the place of what was left of an earlier try.
fn make_anew(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
        _ => make_new(path),
    }
}

/// Makes a folder that nobody else may look into, and those above it, unless it is there.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    let above = folder_of(path);
    if path.is_dir() {
        return Ok(());
    }
    if !above.exists() {
        make_folder(above)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(why) if why.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => return Ok(()),
        made => made?,
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    give(open(path, flags, Mode::empty())?, path)
}

/// Gives a socket that was just bound to whom its folder belongs to.
///
/// # Errors
/// If it cannot be given, or is not that socket.
pub fn give_socket(path: &Path) -> io::Result<()> {
    if heir(path)?.is_none() {
        return Ok(());
    }
    let socket =
        File::from(open(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?);
    let data = socket.metadata()?;
    if !data.file_type().is_socket() || data.nlink() != 1 {
        return Err(io::Error::other("somebody put another file in its place"));
    }
    give(socket, path)
}

/// Gives what was just made at this path to whom its folder belongs to.
fn give(made: impl AsFd, path: &Path) -> io::Result<()> {
    let Some((user, group)) = heir(path)? else { return Ok(()) };
    chownat(made, "", Some(user), Some(group), AtFlags::EMPTY_PATH)?;
    Ok(())
}

/// Whom something made at this path is given to: its folder's owner and group, where this is root
/// and the folder another's. Nobody else can give anything away.
fn heir(path: &Path) -> io::Result<Option<(Uid, Gid)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let folder = fs::metadata(folder_of(path))?;
    let owner = Uid::from_raw(folder.uid());
    Ok((!owner.is_root()).then(|| (owner, Gid::from_raw(folder.gid()))))
}

/// The folder a path is in.
fn folder_of(path: &Path) -> &Path {
    let above = path.parent().filter(|above| !above.as_os_str().is_empty());
    above.unwrap_or(Path::new("."))
}

/// What a file is called until it is whole.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".new");
    name.into()
}
