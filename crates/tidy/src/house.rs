//! The files of the repository: what `git` lists, new ones too, or everything found by walking
//! where there is no `git`.

use crate::file::File;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders a walk leaves out: what is built, what is served, what belongs to `git`.
const NOT_OURS: [&str; 3] = ["target", "fanfare-data", ".git"];

/// All files, sorted by path.
#[derive(Clone, Debug, Default)]
pub struct House {
    /// The text files.
    pub files: Vec<File>,
    /// Every file's path, pictures and fonts too.
    pub paths: Vec<String>,
}

impl House {
    /// The repository this program was built in.
    pub fn here() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut paths = listed(&root).unwrap_or_else(|| walked(&root));
        paths.sort();
        paths.dedup();
        paths.retain(|path| root.join(path).is_file());
        let files = paths.iter().filter_map(|path| read(&root, path)).collect();
        Self { files, paths }
    }

    /// A house that exists only in a test.
    pub fn made(files: &[(&str, &str)]) -> Self {
        let files: Vec<File> = files.iter().map(|(path, text)| File::made(path, text)).collect();
        let paths = files.iter().map(|file| file.path.clone()).collect();
        Self { files, paths }
    }

    /// The file at this path.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Rust that is ours, tests too.
    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust() && !file.is_foreign())
    }

    /// The product's Rust: of `src` and `crates`, without files that hold only tests.
    pub fn product(&self) -> impl Iterator<Item = &File> {
        let ours = |file: &&File| file.path.starts_with("src/") || file.path.starts_with("crates/");
        self.rust().filter(ours).filter(|file| !file.is_test())
    }

    /// Whether there is a file or a folder at this path.
    pub fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let within = |known: &String| {
            known.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        path.is_empty() || self.paths.iter().any(within)
    }
}

fn read(root: &Path, path: &str) -> Option<File> {
    let whole = root.join(path);
    let text = String::from_utf8(fs::read(&whole).ok()?).ok()?;
    let mode = fs::metadata(&whole).ok()?.permissions().mode();
    let runs = mode & 0o111 != 0;
    (!text.contains('\0')).then(|| File { path: path.to_owned(), text, runs })
}

/// What `git` knows, and new files it does not ignore; none where it cannot be asked.
fn listed(root: &Path) -> Option<Vec<String>> {
    let asked = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()?;
    let text = String::from_utf8(asked.stdout).ok()?;
    let paths: Vec<String> =
        text.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    (asked.status.success() && !paths.is_empty()).then_some(paths)
}

fn walked(root: &Path) -> Vec<String> {
    let (mut open, mut found): (Vec<PathBuf>, Vec<String>) = (vec![root.to_owned()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() && !NOT_OURS.iter().any(|not| name == *not) {
                open.push(path);
            } else if let Ok(within) = path.strip_prefix(root) {
                found.push(within.to_string_lossy().into_owned());
            }
        }
    }
    found
}
