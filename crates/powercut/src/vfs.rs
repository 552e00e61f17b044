//! Between SQLite and its own way to the system's files: everything goes through to that, and
//! what was written and not yet synced is remembered.
//!
//! Why this is not safe code: SQLite reaches its files through a table of C functions, and only
//! from there it can be seen what it writes, and when it syncs. It is compiled into tests only
//! (`docs/decisions/0020-a-disk-that-lies.md`).
//!
//! How it hangs together. `install` copies SQLite's `unix` vfs, so that everything not told here
//! is that one's own, and registers the copy as the default. The copy's files are longer: behind
//! the `unix` file, which thinks itself alone, lies a `Trailer`. The file's table of methods is a
//! copy too, with five functions of ours in it; these call the one they stand for. The table says
//! version 2, which knows no mapped files: reading and writing cannot pass by. A database's `-shm`
//! is memory under a file's name and no part of the disk: what SQLite does with it is untouched.

#![allow(unsafe_code, reason = "SQLite's interface to files is one of C")]

use super::disk::FileId;
use super::orders::Fault;
use super::sectors::SECTOR;
use super::state::{self, State};
use rusqlite::ffi;
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::ptr;
use std::sync::{Mutex, OnceLock, PoisonError};

/// What lies behind each file that is watched.
#[repr(C)]
struct Trailer {
    /// The `unix` vfs's own methods; static there.
    beneath: &'static ffi::sqlite3_io_methods,
    file: FileId,
    /// Whether the next sync takes the folder along, as the `unix` vfs does once for a new journal.
    folder_too: bool,
}

/// The `unix` vfs, which lives as long as the process, and where a trailer lies behind its files.
struct Beneath {
    vfs: *mut ffi::sqlite3_vfs,
    trailer_at: usize,
}

// SAFETY: a registered vfs is called from all threads; it is never changed or freed.
unsafe impl Send for Beneath {}
// SAFETY: as above.
unsafe impl Sync for Beneath {}

static BENEATH: OnceLock<Beneath> = OnceLock::new();

fn beneath() -> &'static Beneath {
    BENEATH.get().expect("installed before any file is opened")
}

/// Files whose loss would mean something: SQLite flags them so when it opens them.
const WATCHED: c_int = ffi::SQLITE_OPEN_MAIN_DB
    | ffi::SQLITE_OPEN_MAIN_JOURNAL
    | ffi::SQLITE_OPEN_SUPER_JOURNAL
    | ffi::SQLITE_OPEN_WAL;

/// Those the `unix` vfs syncs the folder for, when it was asked to make them if need be.
const SYNCS_FOLDER: c_int =
    ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL | ffi::SQLITE_OPEN_WAL;

/// Puts the disk beneath every database that is opened from now on.
///
/// # Panics
/// If SQLite has no `unix` vfs, or does not take another.
pub fn install() {
    // SAFETY: the name ends with a 0, and SQLite initialises itself.
    let unix = unsafe { ffi::sqlite3_vfs_find(c"unix".as_ptr()) };
    assert!(!unix.is_null(), "SQLite has no unix vfs here");
    // SAFETY: SQLite gave it, it is initialised, and the copy is this program's own. Its pointers
    // point to what lives as long as the process.
    let mut ours: ffi::sqlite3_vfs = unsafe { ptr::read(unix) };
    let trailer_at = (ours.szOsFile as usize).next_multiple_of(align_of::<Trailer>());
    ours.szOsFile = (trailer_at + size_of::<Trailer>()) as c_int;
    ours.zName = c"powercut".as_ptr();
    ours.pNext = ptr::null_mut();
    ours.xOpen = Some(open);
    ours.xDelete = Some(delete);
    assert!(BENEATH.set(Beneath { vfs: unix, trailer_at }).is_ok(), "installed twice");
    // SAFETY: leaked, so it lives on, and nobody else has it.
    let code = unsafe { ffi::sqlite3_vfs_register(Box::leak(Box::new(ours)), 1) };
    assert_eq!(code, ffi::SQLITE_OK, "SQLite takes no other vfs");
    // SAFETY: the function does not unwind: a panic in it ends the process.
    assert_eq!(unsafe { libc::atexit(at_exit) }, 0);
}

/// The process ends by itself.
extern "C" fn at_exit() {
    state::at_exit();
}

/// Ends the process at once, as the power would: nothing is flushed, closed or said.
pub fn end(code: i32) -> ! {
    // SAFETY: it never comes back.
    unsafe { libc::_exit(code) }
}

/// Where a file's trailer lies.
///
/// # Safety
/// The file is one that `open` has opened and watches.
unsafe fn trailer<'a>(file: *mut ffi::sqlite3_file) -> &'a mut Trailer {
    // SAFETY: SQLite allocated `szOsFile` bytes for the file, eight-aligned, of which the last are
    // the trailer; `open` wrote it. SQLite calls a file's methods from one thread at a time.
    unsafe { &mut *file.byte_add(beneath().trailer_at).cast::<Trailer>() }
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let vfs = beneath().vfs;
    let watched = !name.is_null() && flags & WATCHED != 0;
    let mut state = state::lock();
    // SAFETY: a watched file has a name, which SQLite keeps until the file is closed.
    let path = if watched { unsafe { path(name) } } else { Path::new("") };
    let made = watched && flags & ffi::SQLITE_OPEN_CREATE != 0 && !path.exists();
    if made && state.fault(path, &[Fault::ReadOnly]).is_some() {
        // SAFETY: the memory is SQLite's, for the file; without methods it is not closed.
        unsafe { (*file).pMethods = ptr::null() };
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: the `unix` vfs, its own function, the arguments SQLite gave; the memory is longer
    // than that vfs needs.
    let code = unsafe { (*vfs).xOpen.expect("opens")(vfs, name, file, flags, out) };
    if code != ffi::SQLITE_OK || !watched {
        return code;
    }
    // SAFETY: opened well, a `unix` file's methods are one of that vfs's static tables.
    let methods: &'static ffi::sqlite3_io_methods = unsafe { &*(*file).pMethods };
    // SAFETY: the file is open, and the methods are its own.
    let size = unsafe { size(methods, file) };
    let id = state.disk.opened(path, made, size);
    let folder_too = flags & SYNCS_FOLDER != 0 && flags & ffi::SQLITE_OPEN_CREATE != 0;
    let new = Trailer { beneath: methods, file: id, folder_too };
    // SAFETY: the room behind the `unix` file is there for this, see `install`; nothing is in it.
    unsafe {
        file.byte_add(beneath().trailer_at).cast::<Trailer>().write(new);
        (*file).pMethods = watching(methods);
    }
    ffi::SQLITE_OK
}

/// The same methods with ours among them, made once for each table and kept.
fn watching(methods: &'static ffi::sqlite3_io_methods) -> *const ffi::sqlite3_io_methods {
    type Pair = (&'static ffi::sqlite3_io_methods, &'static ffi::sqlite3_io_methods);
    static TABLES: Mutex<Vec<Pair>> = Mutex::new(Vec::new());
    let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, ours)) = tables.iter().find(|(theirs, _)| ptr::eq(*theirs, methods)) {
        return *ours;
    }
    let ours = ffi::sqlite3_io_methods {
        iVersion: methods.iVersion.min(2),
        xWrite: Some(write),
        xTruncate: Some(truncate),
        xSync: Some(sync),
        xFileControl: Some(control),
        xDeviceCharacteristics: Some(characteristics),
        xFetch: None,
        xUnfetch: None,
        ..*methods
    };
    let ours: &'static _ = Box::leak(Box::new(ours));
    tables.push((methods, ours));
    ours
}

/// A name as a path.
///
/// # Safety
/// It is a string of C that lives for `'a`.
unsafe fn path<'a>(name: *const c_char) -> &'a Path {
    // SAFETY: as this function demands.
    Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes()))
}

/// How long a file is.
///
/// # Safety
/// The file is open, and these are its methods beneath.
unsafe fn size(beneath: &ffi::sqlite3_io_methods, file: *mut ffi::sqlite3_file) -> usize {
    let mut bytes = 0;
    // SAFETY: as this function demands; the size goes to a place of ours.
    let code = unsafe { beneath.xFileSize.expect("has a size")(file, &raw mut bytes) };
    assert_eq!(code, ffi::SQLITE_OK, "powercut: a file without a size");
    bytes as usize
}

/// Whole sectors of a file, zeros where it has ended.
///
/// # Safety
/// The file is open, and these are its methods beneath.
unsafe fn sectors(
    beneath: &ffi::sqlite3_io_methods,
    file: *mut ffi::sqlite3_file,
    of: &std::ops::Range<usize>,
) -> Vec<u8> {
    let mut bytes = vec![0_u8; of.len()];
    let (to, many, at) = (bytes.as_mut_ptr().cast(), of.len() as c_int, of.start as i64);
    // SAFETY: as this function demands; so many bytes are there to be written.
    let code = unsafe { beneath.xRead.expect("reads")(file, to, many, at) };
    let read = code == ffi::SQLITE_OK || code == ffi::SQLITE_IOERR_SHORT_READ;
    assert!(read, "powercut: what stands cannot be read: {code}");
    bytes
}

/// The sectors that these bytes of a file lie in.
fn around(from: usize, to: usize) -> std::ops::Range<usize> {
    from / SECTOR * SECTOR..to.next_multiple_of(SECTOR)
}

/// Lets a change happen and remembers what the sectors held before and hold after it, whatever
/// came of it.
///
/// # Safety
/// The file is one that `open` watches.
unsafe fn change(
    state: &mut State,
    file: *mut ffi::sqlite3_file,
    what: &str,
    of: &std::ops::Range<usize>,
    does: impl FnOnce(&ffi::sqlite3_io_methods) -> c_int,
) -> c_int {
    // SAFETY: it is watched, as this function demands.
    let trailer = unsafe { trailer(file) };
    // SAFETY: a watched file is open, and its trailer names its methods beneath.
    let before = unsafe { sectors(trailer.beneath, file, of) };
    let code = does(trailer.beneath);
    // SAFETY: as above.
    let (after, size) =
        unsafe { (sectors(trailer.beneath, file, of), size(trailer.beneath, file)) };
    let first = (of.start / SECTOR) as u64;
    state.disk.changed(trailer.file, first, (&before, &after), size);
    state.step(what, trailer.file);
    code
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    many: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    let mut state = state::lock();
    // SAFETY: this is a method of watched files only.
    let path = state.disk.path(unsafe { trailer(file) }.file).to_owned();
    match state.fault(&path, &[Fault::Full, Fault::ReadOnly, Fault::Write]) {
        Some(Fault::Full) => return ffi::SQLITE_FULL,
        Some(Fault::ReadOnly) => return ffi::SQLITE_READONLY,
        Some(_) => return ffi::SQLITE_IOERR_WRITE,
        None => {}
    }
    let of = around(at as usize, at as usize + many as usize);
    // SAFETY: a watched file; the function beneath gets what SQLite gave.
    unsafe {
        change(&mut state, file, "write", &of, |beneath| {
            beneath.xWrite.expect("writes")(file, bytes, many, at)
        })
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, to: ffi::sqlite3_int64) -> c_int {
    let mut state = state::lock();
    // SAFETY: this is a method of watched files only.
    let trailer = unsafe { trailer(file) };
    let path = state.disk.path(trailer.file).to_owned();
    if state.fault(&path, &[Fault::ReadOnly, Fault::Write]).is_some() {
        return ffi::SQLITE_IOERR_TRUNCATE;
    }
    // SAFETY: a watched file is open, and these are its methods beneath.
    let end = unsafe { size(trailer.beneath, file) };
    let of = around((to as usize).min(end), end.max(to as usize));
    // SAFETY: a watched file; the function beneath gets what SQLite gave.
    unsafe {
        change(&mut state, file, "truncation", &of, |beneath| {
            beneath.xTruncate.expect("truncates")(file, to)
        })
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    let mut state = state::lock();
    // SAFETY: this is a method of watched files only.
    let trailer = unsafe { trailer(file) };
    // The power goes before the sync is done, not after.
    state.step("sync", trailer.file);
    let path = state.disk.path(trailer.file).to_owned();
    let fails = state.fault(&path, &[Fault::Sync]).is_some();
    // SAFETY: the file's own method beneath, with what SQLite gave.
    let code = if fails {
        ffi::SQLITE_IOERR_FSYNC
    } else {
        unsafe { trailer.beneath.xSync.expect("syncs")(file, flags) }
    };
    if code == ffi::SQLITE_OK {
        state.disk.synced(trailer.file, std::mem::take(&mut trailer.folder_too));
    } else {
        state.disk.sync_failed(trailer.file);
    }
    code
}

/// Mapped files are not known here, and no file grows without being written to.
unsafe extern "C" fn control(
    file: *mut ffi::sqlite3_file,
    what: c_int,
    with: *mut c_void,
) -> c_int {
    let unknown =
        [ffi::SQLITE_FCNTL_MMAP_SIZE, ffi::SQLITE_FCNTL_SIZE_HINT, ffi::SQLITE_FCNTL_CHUNK_SIZE];
    if unknown.contains(&what) {
        return ffi::SQLITE_NOTFOUND;
    }
    // SAFETY: a watched file; the function beneath gets what SQLite gave.
    unsafe { trailer(file).beneath.xFileControl.expect("is controlled")(file, what, with) }
}

/// No write of many pages is one, whatever the file system promises.
unsafe extern "C" fn characteristics(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: a watched file, and its own method beneath.
    let of = unsafe { trailer(file).beneath.xDeviceCharacteristics.expect("has some")(file) };
    of & !ffi::SQLITE_IOCAP_BATCH_ATOMIC
}

unsafe extern "C" fn delete(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    folder_too: c_int,
) -> c_int {
    let mut state = state::lock();
    // SAFETY: SQLite gives a name that lives as long as this call.
    let path = unsafe { path(name) };
    // Read beside SQLite, which has no lock on a file it deletes: closing would let go of it.
    let bytes = std::fs::read(path);
    let vfs = beneath().vfs;
    // SAFETY: the `unix` vfs, its own function, the arguments SQLite gave.
    let code = unsafe { (*vfs).xDelete.expect("deletes")(vfs, name, folder_too) };
    if code == ffi::SQLITE_OK
        && let Ok(bytes) = bytes
    {
        let file = state.disk.deleted(path, bytes, folder_too & 1 != 0);
        state.step("deletion", file);
    }
    code
}
