//! The kept corpus, then mutated input for `FUZZ_S` seconds a target (60 if not said), two targets
//! at a time; executions are printed. And the control: a planted panic is found.

use fanfare_fuzz::{Mutator, TARGETS, Target};
use std::fs;
use std::io::{self, Write as _};
use std::panic::catch_unwind;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Targets at a time.
const AT_ONCE: usize = 2;

/// What the mutated input begins with; another one tries another stream.
const SEED: u64 = 0x0F4A_FA2E;

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{name} has no corpus");
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

/// A target's corpus, and then its mutations until the time is over; how many were run.
///
/// # Errors
/// The input that is a finding, in hexadecimal.
fn run(target: &Target, seconds: Duration) -> Result<u64, String> {
    let corpus = corpus(target.name);
    let one = |bytes: &[u8]| {
        catch_unwind(|| (target.run)(bytes)).map_err(|_| {
            let hex = fanfare::kit::hex::hex(bytes);
            format!("{}: a finding, {} bytes: {hex}", target.name, bytes.len())
        })
    };
    corpus.iter().try_for_each(|bytes| one(bytes))?;
    let (end, mut runs) = (now() + seconds, corpus.len() as u64);
    let mut mutator = Mutator::new(&corpus, target.words, SEED);
    while now() < end {
        for _ in 0..16 {
            one(&mutator.input())?;
            runs += 1;
        }
    }
    Ok(runs)
}

#[expect(clippy::disallowed_methods, reason = "so many seconds by a real clock")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn no_mutated_input_breaks_what_holds_of_every_input() {
    let seconds = std::env::var("FUZZ_S").ok().map_or(60, |text| text.parse().unwrap());
    let (next, said) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let worker = || {
        while let Some(target) = TARGETS.get(next.fetch_add(1, Ordering::Relaxed)) {
            let told = run(target, Duration::from_secs(seconds));
            if let Ok(runs) = &told {
                let each = runs / seconds.max(1);
                // Past what the test runner keeps to itself: the figures are of interest each time.
                let name = target.name;
                let _ = writeln!(
                    io::stderr(),
                    "fuzz {name:<9} {runs:>10} executions {each:>8} a second, no finding"
                );
            }
            said.lock().unwrap().push(told);
        }
    };
    thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(worker))));
    let said = said.into_inner().unwrap();
    let findings: Vec<_> = said.iter().filter_map(|told| told.as_ref().err()).collect();
    assert!(findings.is_empty(), "{findings:#?}");
    assert_eq!(said.len(), TARGETS.len());
}

/// Pieces that, a megabyte of them, made some reader somewhere slow.
const JUNK: [&str; 14] = [
    "a=[{b=",
    "[",
    "{a=",
    "\"",
    "\"\"\"",
    "'''",
    "a.a.a.a",
    "[[drops]]\n",
    "[[drops.items]]\n",
    "[goods.",
    "#\n",
    "é=\"",
    "stock={a=1,",
    "\\u0000",
];

#[test]
fn a_megabyte_of_junk_is_answered_in_bounded_time() {
    for target in TARGETS {
        for piece in JUNK {
            (target.run)(piece.repeat((1 << 20) / piece.len()).as_bytes());
        }
    }
}

#[test]
fn the_kept_rows_are_believed() {
    let believed: Vec<usize> =
        corpus("replay").iter().map(|bytes| fanfare_fuzz::believed(bytes)).collect();
    assert!(believed.iter().filter(|rows| **rows > 5).count() >= 3, "{believed:?}");
}

#[test]
fn a_planted_panic_is_found() {
    let planted = |bytes: &[u8]| {
        let whole = bytes.starts_with(b"{\"item\":") && bytes.ends_with(b"}");
        assert!(!(whole && bytes.windows(6).any(|six| six == b"1e400}")), "planted");
    };
    let target = Target { name: "claim", run: planted, ..TARGETS[2] };
    let found = run(&target, Duration::from_mins(1)).unwrap_err();
    assert!(found.contains("a finding"), "{found}");
}
