//! Disks that can be filled: a small one of their own where mounting is allowed, else a journal
//! whose table refuses every row.

use crate::common::world::Temp;
use rusqlite::Connection;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

/// Bytes the small disk has.
const SIZE: &str = "size=3m";

/// A disk with a data folder.
pub struct Disk {
    temp: Temp,
    mounted: bool,
}

fn mount(args: &[&str]) -> bool {
    let done = Command::new("mount").args(args).output();
    done.is_ok_and(|output| output.status.success())
}

impl Disk {
    /// A small disk in memory; none without the right to mount one.
    pub fn mounted(name: &str) -> Option<Self> {
        let temp = Temp::new(name);
        let place = temp.path().to_str()?.to_owned();
        mount(&["-t", "tmpfs", "-o", SIZE, "tmpfs", &place]).then_some(Self { temp, mounted: true })
    }

    /// A disk whose journal refuses rows while it counts as full.
    pub fn refusing(name: &str) -> Self {
        Self { temp: Temp::new(name), mounted: false }
    }

    pub fn data(&self) -> PathBuf {
        self.temp.data()
    }

    pub fn remount(&self, how: &str) {
        let place = self.temp.path().to_str().unwrap();
        assert!(mount(&["-o", &format!("remount,{how}"), place]), "remount {how}");
    }

    fn filler(&self) -> PathBuf {
        self.temp.path().join("filler")
    }

    fn sql(&self, sql: &str) {
        let connection = Connection::open(self.data().join("journal.sqlite")).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    /// Leaves no room for a row.
    pub fn fill(&self) {
        if !self.mounted {
            return self.sql(
                "CREATE TRIGGER full BEFORE INSERT ON journal
                 BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END",
            );
        }
        let mut filler = File::create(self.filler()).unwrap();
        for block in [65_536, 4_096] {
            while filler.write_all(&vec![1; block]).is_ok() {}
        }
    }

    /// Gives the room back.
    pub fn free(&self) {
        if self.mounted {
            fs::remove_file(self.filler()).unwrap();
        } else {
            self.sql("DROP TRIGGER full");
        }
    }

    /// What a start on the full disk says.
    pub fn says(&self) -> &'static str {
        if self.mounted { "free some space" } else { "the disk is full" }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.mounted {
            let _ = Command::new("umount").arg("-l").arg(self.temp.path()).output();
        }
    }
}
