//! Threads without which nobody is answered.

use std::thread::{self, JoinHandle};
use std::{io, process};

/// What the process ends with after a panic in such a thread: the code Rust programs use.
const EXIT_PANICKED: i32 = 101;

/// Ends the process if its thread ends by a panic.
struct EndsWith(&'static str);

impl Drop for EndsWith {
    fn drop(&mut self) {
        if thread::panicking() {
            let thread = self.0;
            tracing::error!(
                thread,
                "a fault of the program, told above: it ends here, because nobody would be \
                 answered any more; all that was acknowledged is in the journal, and the next \
                 start goes on from there"
            );
            process::exit(EXIT_PANICKED);
        }
    }
}

/// Starts a thread that the whole process stands and falls with. A process that stays although one
/// of these has gone would look alive to whoever watches it and answer nobody.
///
/// # Errors
/// If the system gives no thread.
pub fn spawn(
    name: &'static str,
    body: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(move || {
        let _ends = EndsWith(name);
        body();
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Says to the test, started once more, that it is to panic.
    const PANIC: &str = "FANFARE_TEST_PANIC";

    #[test]
    fn a_panic_ends_the_process_and_an_end_does_not() {
        let panics = std::env::var_os(PANIC).is_some();
        let body = move || assert!(!panics, "as asked");
        spawn("vital", body).unwrap().join().unwrap();
        if panics {
            return; // Not reached: the process has ended.
        }
        let name = "kit::vital::tests::a_panic_ends_the_process_and_an_end_does_not";
        let mut again = Command::new(std::env::current_exe().unwrap());
        let output = again.args(["--exact", name, "--nocapture"]).env(PANIC, "1").output().unwrap();
        assert_eq!(output.status.code(), Some(EXIT_PANICKED));
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(!said.contains("test result"), "it ended before the test did: {said}");
    }
}
