//! The program itself, as a child of the test.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The program that is tested: the product, or in the tests of `crates/powercut` the product on
/// a disk that lies.
pub const PROGRAM: &str = match option_env!("CARGO_BIN_EXE_fanfare") {
    Some(product) => product,
    None => match option_env!("CARGO_BIN_EXE_fanfare-powercut") {
        Some(product_on_disk) => product_on_disk,
        None => panic!("a test of neither package"),
    },
};

/// `fanfare serve` of a festival file, or of the demo, on a free port; keeps its data in `data`
/// beneath the folder.
pub fn serve(folder: &Path, festival: Option<&str>) -> Command {
    serve_at("127.0.0.1:0", folder, festival)
}

/// The same on a port that is told.
pub fn serve_at(listen: &str, folder: &Path, festival: Option<&str>) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("serve");
    if let Some(text) = festival {
        let file = folder.join("festival.toml");
        std::fs::write(&file, text).unwrap();
        command.arg(file);
    }
    command.args(["--listen", listen, "--data"]).arg(folder.join("data"));
    command.env("FANFARE_LOG", "error").stdin(Stdio::null());
    command
}

/// A server; it is killed when this is dropped.
pub struct Program {
    pub child: Child,
    /// Where it is, like `http://127.0.0.1:4000`; empty until asked for.
    url: String,
}

impl Program {
    /// Starts it, without waiting until it listens.
    pub fn start(command: &mut Command) -> Self {
        Self { child: command.stdout(Stdio::piped()).spawn().unwrap(), url: String::new() }
    }

    /// Waits until it says where it is.
    pub fn url(&mut self) -> &str {
        assert!(self.listens(), "it says where it listens");
        &self.url
    }

    /// Waits until it says where it is, or ends without having said so.
    pub fn listens(&mut self) -> bool {
        if let Some(said) = self.child.stdout.take() {
            let mut lines = BufReader::new(said).lines();
            let url =
                lines.find_map(|line| line.ok()?.strip_prefix("listening on ").map(str::to_owned));
            self.url = url.unwrap_or_default();
            std::thread::spawn(move || lines.for_each(drop));
        }
        !self.url.is_empty()
    }

    /// The same as a socket's address.
    pub fn address(&mut self) -> SocketAddr {
        let (_, address) = self.url().split_once("://").unwrap();
        address.parse().unwrap()
    }

    /// `kill -9`, at once and waited for.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends SIGTERM; the exit code it ends with.
    pub fn end(&mut self) -> Option<i32> {
        let process = rustix::process::Pid::from_raw(self.child.id() as i32).unwrap();
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}
