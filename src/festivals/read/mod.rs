//! Reads a festival file: text to tables, tables to the checked tree, faults to a list.

mod crowd;
mod drops;
mod festival;
mod goods;
mod items;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::faults::{Fault, Faults, place};
use super::limits::FILE_BYTES_MAX;
use super::model::Festival;
use super::syntax;
use super::walk::Walk;
use crate::kit::words::{Saying, say};

/// Reads a festival from text; `name` is what the faults call the file.
pub fn read(name: &str, text: &str) -> Result<Festival, Faults> {
    if text.len() > FILE_BYTES_MAX {
        return Err(Faults::whole_file(name, too_large()));
    }
    // Some editors begin a file with this mark; it takes no column on their screens.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parsed = syntax::parse(text);
    if parsed.runs_away {
        return Err(Faults::new(name, parsed.faults));
    }
    let tables = syntax::tables(&parsed.repaired);
    let mut walk = Walk::new(&parsed.repaired);
    let festival = festival::read(&mut walk, tables.get_ref());
    let content = place(&parsed.repaired, walk.into_found());
    let content = if parsed.faults.is_empty() {
        content.into_iter().map(|(_, fault)| fault).collect()
    } else {
        syntax::without_echoes(&parsed.repaired, &parsed.faults, content)
    };
    let faults: Vec<Fault> = parsed.faults.into_iter().chain(content).collect();
    match festival {
        Some(festival) if faults.is_empty() => Ok(festival),
        _ => Err(Faults::new(name, faults)),
    }
}

/// Reads a festival from a file.
pub fn read_file(path: &Path) -> Result<Festival, Faults> {
    let name = path.display().to_string();
    let bytes = bytes(path)
        .map_err(|why| Faults::whole_file(&name, say("file-unread").put("why", why.to_string())))?;
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Faults::whole_file(&name, too_large()));
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => {
            let folder = path.parent().map(Path::to_path_buf);
            read(&name, text).map(|festival| Festival { folder, ..festival })
        }
        Err(error) => Err(not_utf8(&name, &bytes, error.valid_up_to())),
    }
}

/// The file's bytes, one more than allowed at most.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    // Asked before opening: a named pipe would wait for a writer for ever.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn too_large() -> Saying {
    say("file-too-large").put("kib", (FILE_BYTES_MAX / 1_024).to_string())
}

fn not_utf8(name: &str, bytes: &[u8], valid: usize) -> Faults {
    let before = String::from_utf8_lossy(&bytes[..valid]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let what = say("file-not-utf8").put("byte", format!("0x{:02x}", bytes[valid]));
    Faults::new(name, vec![Fault::new(line, column, what)])
}
