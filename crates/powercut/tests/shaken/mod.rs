//! A sale on a disk that takes orders.

use crate::place::Server;
use crate::sale::Sale;
use fanfare_powercut::{ORDERS, REPORT};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Claims a folder starts with.
const CLAIMS: u64 = 200;

/// Orders for a server that is started with this command, and its report of a cut.
pub fn on_the_disk(command: &mut Command, folder: &Path) -> (Orders, PathBuf) {
    let (orders, report) = (folder.join("orders"), folder.join("report"));
    command.env(ORDERS, &orders).env(REPORT, &report);
    (Orders(orders), report)
}

/// The sale, and the files through which its disk is spoken to.
pub struct Shaken {
    pub sale: Sale,
    folder: PathBuf,
    log: PathBuf,
}

impl Shaken {
    pub fn new() -> Self {
        let sale = Sale::new(CLAIMS);
        let log = sale.place.data().with_file_name("stderr");
        Self { folder: sale.place.data().with_file_name(""), sale, log }
    }

    /// What can order something while the sale is busy otherwise.
    pub fn orders(&self) -> Orders {
        Orders(self.folder.join("orders"))
    }

    /// Starts the server on the disk.
    pub fn serve(&self) -> Server {
        let mut command = self.sale.place.command();
        on_the_disk(&mut command, &self.folder);
        command.stderr(File::options().create(true).append(true).open(&self.log).unwrap());
        Server::start(&mut command)
    }

    /// Starts it and asks for every claim ever answered; milliseconds to the first answer.
    pub fn serve_and_ask(&mut self) -> Server {
        let mut server = self.serve();
        assert!(server.program.listens(), "{}", self.said());
        let address = server.address();
        self.sale.first_answer(address);
        let took = (server.passed_ms(), server.cpu_ms());
        self.sale.figures.first_answers.push(took);
        self.sale.ask_again(address);
        self.sale.ask_all(address);
        server
    }

    /// What the server said on standard error, at every start.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// What the disk says of its newest cut, if there was one since it was asked last.
    pub fn report(&self) -> Option<BTreeMap<String, String>> {
        let report = self.folder.join("report");
        let text = fs::read_to_string(&report).ok()?;
        fs::remove_file(&report).unwrap();
        let pairs = text.lines().filter_map(|line| line.split_once(' '));
        Some(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// Where the disk takes orders.
pub struct Orders(PathBuf);

impl Orders {
    /// Orders something, in one piece; what was ordered before is over.
    pub fn give(&self, text: &str) {
        let new = self.0.with_extension("new");
        fs::write(&new, text).unwrap();
        fs::rename(&new, &self.0).unwrap();
    }
}
