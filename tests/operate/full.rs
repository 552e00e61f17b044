//! Backups to a disk that is full or read-only, and from one: a real one, small, in a mount
//! namespace of its own. Where nobody may have one, that is said and nothing is asked.

use super::shop::{FILE, claim, done, place};
use crate::common::program::PROGRAM;
use crate::common::served::{Place, words};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Mounts a disk of this size at the first argument, runs the others, and says what is on it then.
const ON_DISK: &str = "mount -t tmpfs -o \"$2\" tmpfs \"$1\" || exit 99
    disk=\"$1\"; shift 2; \"$@\"; code=$?; echo \"left: $(ls -A \"$disk\")\"; exit $code";

fn on_disk(disk: &Path, options: &str, args: &[&str]) -> Output {
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--mount", "sh", "-c", ON_DISK, "sh"]).arg(disk).arg(options);
    command.args(args).output().unwrap()
}

/// A festival with claims and a backup of it, and an empty folder to mount a disk at.
fn sold() -> Option<(Place, String, String)> {
    let place = place(None);
    let disk = place.data.with_file_name("disk");
    fs::create_dir_all(&disk).unwrap();
    if !on_disk(&disk, "size=64k", &["true"]).status.success() {
        eprintln!("not asked: nobody may mount a disk here");
        return None;
    }
    let served = place.serve(Some(FILE));
    claim(&served, 1..=5);
    served.end();
    let kept = place.data.with_file_name("kept").to_str().unwrap().to_owned();
    done(&place, &["backup", "--to", &kept]);
    Some((place, disk.to_str().unwrap().to_owned(), kept))
}

/// From too small for the first file to large enough for all.
const SIZES_KB: [u32; 6] = [8, 64, 160, 240, 320, 16_384];

#[test]
fn a_backup_that_finds_no_room_names_the_disk_and_leaves_nothing() {
    let Some((place, disk, _)) = sold() else { return };
    let (data, to) = (place.data.to_str().unwrap(), format!("{disk}/b"));
    let backup = [PROGRAM, "backup", "--data", data, "--to", &to];
    let mut full = 0;
    for size_kb in SIZES_KB {
        let output = on_disk(disk.as_ref(), &format!("size={size_kb}k"), &backup);
        let said = words(&output);
        if output.status.success() {
            assert!(said.contains("left: b\n"), "{size_kb} {said}");
            continue;
        }
        full += 1;
        assert!(said.contains(&disk) && said.contains("free some space"), "{size_kb} {said}");
        assert!(!said.contains(data), "{size_kb} {said}");
        assert!(said.contains("is removed again") && said.contains("left: \n"), "{size_kb} {said}");
    }
    assert!((2..SIZES_KB.len()).contains(&full), "{full} were full");
    let said = words(&on_disk(disk.as_ref(), "ro", &backup));
    assert!(said.contains(&disk) && said.contains("read-only: name another place"), "{said}");
}

#[test]
fn a_backup_that_is_brought_back_to_where_is_no_room_names_the_disk() {
    let Some((_place, disk, kept)) = sold() else { return };
    let data = format!("{disk}/new");
    let restore = [PROGRAM, "restore", "--from", &kept, "--data", &data];
    let mut full = 0;
    for size_kb in SIZES_KB {
        let output = on_disk(disk.as_ref(), &format!("size={size_kb}k"), &restore);
        let said = words(&output);
        if output.status.success() {
            assert!(said.contains("holds: "), "{size_kb} {said}");
            continue;
        }
        full += 1;
        assert!(said.contains("free some space") && said.contains("left: new"), "{size_kb} {said}");
        assert!(said.contains(&disk) && !said.contains(&format!("{kept}/")), "{size_kb} {said}");
        if size_kb > 8 {
            assert!(said.contains("new is unfinished: remove it"), "{size_kb} {said}");
        }
    }
    assert!((2..SIZES_KB.len()).contains(&full), "{full} were full");
}
