//! A sale on a disk that takes orders.

use crate::place::Server;
use crate::sale::Sale;
use fanfare_powercut::{ORDERS, REPORT};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;

/// Claims a folder starts with.
const CLAIMS: u64 = 200;

/// The sale, and the files through which its disk is spoken to.
pub struct Shaken {
    pub sale: Sale,
    orders: PathBuf,
    report: PathBuf,
    log: PathBuf,
}

impl Shaken {
    pub fn new() -> Self {
        let sale = Sale::new(CLAIMS);
        let beside = |name: &str| sale.place.data().with_file_name(name);
        let (orders, report, log) = (beside("orders"), beside("report"), beside("stderr"));
        Self { sale, orders, report, log }
    }

    /// What can order something while the sale is busy otherwise.
    pub fn orders(&self) -> Orders {
        Orders(self.orders.clone())
    }

    /// Starts the server on the disk.
    pub fn serve(&self) -> Server {
        let mut command = self.sale.place.command();
        command.env(ORDERS, &self.orders).env(REPORT, &self.report);
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
        let text = fs::read_to_string(&self.report).ok()?;
        fs::remove_file(&self.report).unwrap();
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
