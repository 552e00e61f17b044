//! What the serving process says of itself, over the folder's socket.

use super::Report;
use crate::drops::plan::socket;
use crate::kit::data::DataFolder;
use std::path::Path;

pub(super) fn ask(data: &Path, holder: Option<u32>, report: &mut Report) {
    match socket::ask_health(data) {
        Ok(Some((_, lines))) => {
            report.seen.push("a server serves it and answers".to_owned());
            lines.lines().for_each(|line| say(line, report));
        }
        Ok(None) if holder.is_some() => {
            let todo = "wait, if it is starting or ending; /readyz says so. If it stays like \
                        that, look at its log";
            report.stops("server_mute", "a process has the folder and does not answer", todo);
        }
        Ok(None) => report.seen.push("no server serves it".to_owned()),
        Err(why) => {
            let what = format!("a server serves it and does not answer: {why}");
            report.stops("server_mute", what, "look at its log; if it hangs, start it again");
        }
    }
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

fn say(line: &str, report: &mut Report) {
    let (code, what) = line.split_once(' ').unwrap_or((line, ""));
    match code {
        "clock_stepped" => {
            let todo = "set the clock right, or let a host confirm it by resuming a drop: \
                        nothing expires meanwhile";
            report.risks("clock_stepped", what, todo);
        }
        "tables_stopped" => {
            let todo = "claims go on. `fanfare verify` says which of the two is wrong; where the \
                        journal holds, tables are made again from it, in an empty database";
            report.risks("tables_stopped", what, todo);
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
        for line in ["clock_stepped it jumped", "tables_stopped lane 1: odd", "lane_shut lane 2: x"]
        {
            say(line, &mut report);
        }
        let codes: Vec<&str> = report.wrong.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["clock_stepped", "tables_stopped", "lane_shut"]);
        assert_eq!(report.sorted().wrong[0].what, "lane 2: x");
    }
}
