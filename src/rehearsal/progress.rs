//! Progress for whoever watches: one line a drop on a terminal, a plain line now and then where
//! standard error is none.

use std::io::{IsTerminal as _, Write as _};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::memory::Memory;

/// How often the lines change on a terminal, and elsewhere.
const TERMINAL_US: i64 = 200_000;
const PLAIN_US: i64 = 2_000_000;

/// Who is told, and how.
#[derive(Debug)]
pub struct Progress {
    how: How,
    shown_us: i64,
    names: Vec<String>,
}

#[derive(Debug)]
enum How {
    Quiet,
    Plain,
    Terminal(MultiProgress, Vec<ProgressBar>),
}

/// A drop at a glance.
#[derive(Clone, Debug, PartialEq)]
struct Glance {
    since_opening_s: f64,
    coming: u64,
    come: u64,
    answers_per_s: u64,
    claims: usize,
    sold_out_s: Option<f64>,
}

impl Glance {
    fn of(memory: &Memory, now_ms: i64) -> Self {
        let seconds = |ms: i64| ms as f64 / 1_000.0;
        let now = (now_ms - memory.began_ms).clamp(0, i64::from(u32::MAX)) as u32;
        // The step that is under way is not whole yet.
        let end = now - now % 100;
        let come = memory.counts.fans_asked;
        let lead_ms = memory.opens_at_ms - memory.began_ms;
        Self {
            since_opening_s: seconds(now_ms - memory.opens_at_ms),
            coming: u64::from(memory.fans).saturating_sub(come),
            come,
            answers_per_s: memory.answers.between(end.saturating_sub(1_000), end),
            claims: memory.told.len(),
            sold_out_s: memory.sold_out_seen_ms.map(|at| seconds(i64::from(at) - lead_ms)),
        }
    }

    fn line(&self) -> String {
        let sold_out = self.sold_out_s.map(|s| format!(", sold out at {s:.1} s"));
        format!(
            "{:+.1} s: {} arrived, {} to come, {} answers/s, {} claims{}",
            self.since_opening_s,
            self.come,
            self.coming,
            self.answers_per_s,
            self.claims,
            sold_out.unwrap_or_default()
        )
    }
}

impl Progress {
    /// Lines on the terminal, or plain lines where standard error is none.
    pub fn to_stderr() -> Self {
        let how = if std::io::stderr().is_terminal() {
            How::Terminal(MultiProgress::new(), Vec::new())
        } else {
            How::Plain
        };
        Self { how, shown_us: i64::MIN, names: Vec::new() }
    }

    /// Nobody watches.
    pub fn quiet() -> Self {
        Self { how: How::Quiet, shown_us: i64::MIN, names: Vec::new() }
    }

    /// The drops that begin now.
    pub(super) fn start(&mut self, names: &[&str]) {
        self.names = names.iter().map(|&name| name.to_owned()).collect();
        let How::Terminal(lines, bars) = &mut self.how else {
            return;
        };
        let style = ProgressStyle::with_template("{prefix:<24} {bar:24} {msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        *bars = names
            .iter()
            .map(|&name| {
                let bar = lines.add(ProgressBar::new(1).with_style(style.clone()));
                bar.set_prefix(name.to_owned());
                bar
            })
            .collect();
    }

    /// Whether it is time to show something.
    pub(super) fn is_due(&mut self, now_us: i64) -> bool {
        let every_us = match self.how {
            How::Quiet => return false,
            How::Plain => PLAIN_US,
            How::Terminal(..) => TERMINAL_US,
        };
        let due = now_us >= self.shown_us.saturating_add(every_us);
        if due {
            self.shown_us = now_us;
        }
        due
    }

    /// Shows a drop.
    pub(super) fn show(&self, drop: usize, now_ms: i64, memory: &Memory) {
        let glance = Glance::of(memory, now_ms);
        match &self.how {
            How::Quiet => {}
            How::Plain => {
                let name = self.names.get(drop).map_or("", String::as_str);
                // Progress that cannot be written is not worth failing for.
                let _ = writeln!(std::io::stderr(), "{name} {}", glance.line());
            }
            How::Terminal(_, bars) => {
                if let Some(bar) = bars.get(drop) {
                    bar.set_length(u64::from(memory.fans));
                    bar.set_position(glance.come);
                    bar.set_message(glance.line());
                }
            }
        }
    }

    /// A drop is over.
    pub(super) fn done(&self, drop: usize, memory: &Memory) {
        let steps = memory.answers.steps().len() as i64;
        self.show(drop, memory.began_ms + steps * 100, memory);
        if let How::Terminal(_, bars) = &self.how
            && let Some(bar) = bars.get(drop)
        {
            bar.abandon();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::CrowdPlan;

    #[test]
    fn a_glance_counts_the_last_whole_second() {
        let plan = CrowdPlan { fans: 10, opens_at_ms: 102_000, ..CrowdPlan::default() };
        let mut memory = Memory::new(&plan);
        (0..2_150).for_each(|at| memory.answers.count(at));
        memory.sold_out_seen_ms = Some(2_100);
        let line = Glance::of(&memory, 102_150).line();
        assert_eq!(
            line,
            "+0.1 s: 0 arrived, 10 to come, 1000 answers/s, 0 claims, sold out at 0.1 s"
        );
    }
}
