//! A demo of its own for a browser: the program as anybody starts it.

use fanfare::kit::scratch::Scratch;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;

/// A running server; it ends when this is dropped.
pub struct Server {
    process: Child,
    folder: Scratch,
    pub url: String,
}

impl Server {
    /// Serves a festival file, or the demo.
    pub fn start(festival: Option<&str>) -> Self {
        let folder = Scratch::new(None, "served").unwrap();
        let data = folder.path().join("data");
        let mut command = Command::new(env!("CARGO_BIN_EXE_fanfare"));
        command.arg("serve");
        if let Some(text) = festival {
            let file = folder.path().join("festival.toml");
            std::fs::write(&file, text).unwrap();
            command.arg(file);
        }
        command.args(["--listen", "127.0.0.1:0", "--data"]).arg(&data);
        let spawned = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
        let mut process = spawned.unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = said
            .find_map(|line| line.ok()?.strip_prefix("listening on ").map(str::to_owned))
            .expect("it says where it listens");
        thread::spawn(move || said.for_each(drop));
        Self { process, folder, url }
    }

    /// Gives an account a role, as whoever runs the server does.
    pub fn raise(&self, name: &str, role: &str) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fanfare"));
        let command = command.args(["role", name, role, "--data"]);
        let done = command.arg(self.folder.path().join("data")).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
