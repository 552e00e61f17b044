//! What the serving process says of itself, over the folder's socket.

use super::{Report, tables};
use crate::drops::plan::socket;
use crate::kit::data::DataFolder;
use crate::kit::database::Database;
use std::path::Path;

/// Says what it says; whether anybody serves it.
pub(super) fn ask(
    folder: &DataFolder,
    tables: &Database,
    holder: Option<u32>,
    report: &mut Report,
) -> bool {
    match socket::ask_health(folder.path()) {
        Ok(Some((_, lines))) => {
            report.seen.push("a server serves it and answers".to_owned());
            let back = tables::bring_back(folder, tables);
            lines.lines().for_each(|line| say(line, &back, report));
        }
        Ok(None) if holder.is_some() => {
            let todo = "wait, if it is starting or ending; /readyz says so. If it stays like \
                        that, look at its log";
            report.stops("server_mute", "a process has the folder and does not answer", todo);
        }
        Ok(None) => {
            report.seen.push("no server serves it".to_owned());
            return false;
        }
        Err(why) => {
            let what = format!("a server serves it and does not answer: {why}");
            report.stops("server_mute", what, "look at its log; if it hangs, start it again");
        }
    }
    true
}

/// Nobody has it in use.
pub(super) fn down(data: &Path, report: &mut Report) {
    // Where there is no festival nothing can be served, and that is said.
    if DataFolder::is_unfinished(data) || !data.join("festival").exists() {
        return;
    }
    let todo = "mend what stands above, if anything does, then `systemctl start fanfare`; why it \
                ended or did not start is in `journalctl -u fanfare -n 50`. If nobody is to serve \
                it now, ask with --stopped";
    report.stops("server_down", format!("no server serves {}", data.display()), todo);
}

/// A line of the answer, and how tables are brought back.
fn say(line: &str, back: &str, report: &mut Report) {
    let (code, what) = line.split_once(' ').unwrap_or((line, ""));
    match code {
        "clock_stepped" => {
            let todo = "set the clock right, or let a host confirm it by resuming a drop: \
                        nothing expires meanwhile";
            report.risks("clock_stepped", what, todo);
        }
        "clock_differs" => {
            let todo = "set the clocks of all nodes by one time service: what a node takes over \
                        whose clock is more than 10 s from the last one's waits for a host";
            report.risks("clock_differs", what, todo);
        }
        "time_in_doubt" => {
            let todo = "look at the machine's clock. If it is right, a host resumes the drop: \
                        until then nothing of it opens, closes or runs out. If not, set it right \
                        and start the server anew first";
            report.risks("time_in_doubt", what, todo);
        }
        "tables_stopped" => {
            let todo = format!(
                "claims go on. `fanfare verify` says which of the two is wrong. Where the journal \
                 holds: {back}"
            );
            report.risks("tables_stopped", what, &todo);
        }
        _ => {
            let todo = "the lane sells nothing until this is mended. If rows are gone, bring back \
                        the newest copy; if there is none, `fanfare restore FESTIVAL` shows what \
                        is lost. Else run `fanfare verify`";
            report.stops("lane_shut", what, todo);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_of_itself_is_told_with_what_to_do() {
        let mut report = Report::default();
        for line in [
            "clock_stepped it jumped",
            "clock_differs by 2 s",
            "time_in_doubt lamps",
            "tables_stopped lane 1: odd",
            "lane_shut lane 2: x",
        ] {
            say(line, "bring them back", &mut report);
        }
        let codes: Vec<&str> = report.wrong.iter().map(|finding| finding.code).collect();
        let said =
            ["clock_stepped", "clock_differs", "time_in_doubt", "tables_stopped", "lane_shut"];
        assert_eq!(codes, said);
        assert_eq!(report.sorted().wrong[0].what, "lane 2: x");
    }
}
