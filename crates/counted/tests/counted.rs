//! What a claim costs, in instructions: counted under valgrind and held, so that nobody makes it
//! slow by accident. Time differs from machine to machine and from minute to minute; a count does
//! not.
//!
//! The figures are those of the newest stable compiler on x86-64. Valgrind shows every program the
//! same processor, without the newest instructions (SHA, AVX-512), so hashes cost more here than
//! on the machine, and as much on each. What the kernel does for a request is not counted.
//!
//! Engine, lane and what serves HTTP are optimised in a dev build too, but the product itself is
//! not: its part of the route counts several times as much as in a release build, and the whole
//! twice as much. `cargo test --release -p fanfare-counted` holds the others.

use std::fs;
use std::process::Command;

/// More threads than any of the work has.
const THREADS_MAX: u32 = 16;

/// What a piece of work may cost.
struct Held {
    /// Its name in the program that does it.
    work: &'static str,
    /// Instructions each time, of a dev build and of a release build.
    dev: u64,
    release: u64,
    /// How much more or less is let pass, in a hundred.
    margin: u64,
    /// How often it is done in the shorter of two runs.
    times: u64,
    /// Whether all of it is done in the thread that was started last. The others wake from time
    /// to time whatever is asked.
    newest: bool,
}

/// One line for each piece of work. To change a figure is to say in the same commit why.
static HELD: [Held; 7] = [
    Held { work: "decide", dev: 434, release: 378, margin: 5, times: 8_192, newest: false },
    Held { work: "apply", dev: 754, release: 649, margin: 5, times: 8_192, newest: false },
    Held { work: "encode", dev: 2_674, release: 2_317, margin: 5, times: 4_096, newest: false },
    Held { work: "lane", dev: 4_976, release: 4_236, margin: 5, times: 4_096, newest: false },
    Held { work: "token", dev: 2_092, release: 981, margin: 5, times: 1_000, newest: false },
    Held { work: "refusal", dev: 40_129, release: 5_780, margin: 5, times: 500, newest: true },
    // Three threads: how many rows the claims become is not the same every time.
    Held { work: "claim", dev: 60_353, release: 14_567, margin: 10, times: 1_024, newest: false },
];

impl Held {
    fn of(work: &str) -> &'static Self {
        HELD.iter().find(|held| held.work == work).expect("a line of the table")
    }

    fn figure(&self) -> u64 {
        if cfg!(debug_assertions) { self.dev } else { self.release }
    }

    /// Whether a count is what it should be; else what to do.
    fn judge(&self, counted: u64) -> Result<(), String> {
        let (work, figure, margin) = (self.work, self.figure(), self.margin);
        let said = format!("{work} takes {counted} instructions; held are {figure} ± {margin} %");
        let seen = profile(work, 2 * self.times);
        if counted * 100 > figure * (100 + margin) {
            return Err(format!(
                "{said}. It has become slower. Look where they go, `callgrind_annotate \
                 {seen}-*`, and make it cheaper; or, if it is worth it, write {counted} into the \
                 table of {}, and in the same commit why",
                file!()
            ));
        }
        if counted * 100 < figure * (100 - margin) {
            return Err(format!(
                "{said}. It has become faster: write {counted} into the table of {}, so that it \
                 stays so",
                file!()
            ));
        }
        Ok(())
    }
}

/// Where valgrind leaves what it counted, a file for each thread.
fn profile(work: &str, times: u64) -> String {
    format!("{}/{work}-{times}.callgrind", env!("CARGO_TARGET_TMPDIR"))
}

/// Instructions of a whole run, or of the thread that was started last.
fn whole(work: &str, newest: bool, times: u64, made: u64) -> u64 {
    let left = profile(work, times);
    let of_thread = |nth: u32| format!("{left}-{nth:02}");
    (1..=THREADS_MAX).for_each(|nth| drop(fs::remove_file(of_thread(nth))));
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--separate-threads=yes"])
        .arg(format!("--callgrind-out-file={left}"))
        .arg(env!("CARGO_BIN_EXE_fanfare-counted"))
        .args([work.to_owned(), times.to_string(), made.to_string()])
        .output()
        .expect("valgrind: apt-get install valgrind");
    assert!(ran.status.success(), "{work}: {}", String::from_utf8_lossy(&ran.stderr));
    let sums = (1..=THREADS_MAX).filter_map(|nth| sum(&fs::read_to_string(of_thread(nth)).ok()?));
    let sums: Vec<u64> = sums.collect();
    let counted = if newest { sums.last().copied() } else { Some(sums.iter().sum()) };
    counted.filter(|&sum| sum > 0).expect("what valgrind counted")
}

/// The sum of a file that valgrind left.
fn sum(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("totals: "))?.trim().parse().ok()
}

/// Instructions each time: what twice as many take more than once as many.
fn counted(work: &str, &Held { newest, times, .. }: &Held) -> u64 {
    let (once, twice) =
        (whole(work, newest, times, 2 * times), whole(work, newest, 2 * times, 2 * times));
    let each = twice.saturating_sub(once) / times;
    println!("{work} {each}");
    each
}

/// Counts and compares.
fn hold(work: &str) {
    let held = Held::of(work);
    if let Err(why) = held.judge(counted(work, held)) {
        panic!("{why}");
    }
}

macro_rules! held {
    ($($name:ident: $work:literal,)*) => {
        $(
            #[test]
            #[cfg_attr(not(target_arch = "x86_64"), ignore = "the figures are of x86-64")]
            fn $name() {
                hold($work);
            }
        )*
    };
}

held! {
    deciding_a_claim_takes_no_more_than_it_did: "decide",
    applying_a_claim_takes_no_more_than_it_did: "apply",
    writing_a_claim_takes_no_more_than_it_did: "encode",
    a_claim_takes_no_more_in_its_lane_than_it_did: "lane",
    checking_a_token_takes_no_more_than_it_did: "token",
    a_refusal_takes_no_more_than_it_did: "refusal",
    a_claim_takes_no_more_than_it_did: "claim",
}

/// The control: what checks a token twice is caught, alone and in the whole of a refusal.
#[test]
#[cfg_attr(not(target_arch = "x86_64"), ignore = "the figures are of x86-64")]
fn what_has_become_slower_is_caught() {
    for (work, slower) in [("token", "token-twice"), ("refusal", "refusal-twice")] {
        let held = Held::of(work);
        let why = held.judge(counted(slower, held)).expect_err(slower);
        assert!(why.contains("slower"), "{why}");
    }
}

#[test]
fn the_document_says_the_figures_of_a_release_build() {
    let document = include_str!("../../../docs/performance.md").replace(',', "");
    for Held { work, release, .. } in &HELD {
        let row = format!("| `{work}` | {release} |");
        assert!(document.contains(&row), "docs/performance.md lacks the row {row}");
    }
}

#[test]
fn a_figure_that_no_longer_says_how_it_is_is_caught() {
    let held =
        Held { work: "anything", dev: 1_000, release: 1_000, margin: 5, times: 1, newest: false };
    assert!([950, 1_000, 1_050].iter().all(|&counted| held.judge(counted).is_ok()));
    assert!(held.judge(1_051).is_err_and(|why| why.contains("slower") && why.contains("1051")));
    assert!(held.judge(949).is_err_and(|why| why.contains("faster") && why.contains("949")));
}
