//! The live board in every state, made up.

use super::board_page::Board;
use super::board_view::{Chart, Head, Shown, Sold, short};
use super::drop_view::State;
use super::samples::{Maker, Sample, sample};
use crate::live::Pace;

impl Maker<'_> {
    /// The board.
    pub(super) fn boards(&self) -> Vec<Sample> {
        use State::{Before, Open, Paused, SoldOut};
        let full = self.board(&[Open, SoldOut, Before, Paused], 2, false);
        let crowded = [Open, SoldOut, Open, Open, Open, Before];
        let lost = Board {
            lost: Some(self.w.t("board-lost").replace("[time]", "12:00:05")),
            ..full.clone()
        };
        let moment = Board { moment: self.sold(false).pop(), ..full.clone() };
        let drops = self.called(false).drop;
        let shut = Board {
            shut: Some(self.w.with("board-shut", &[("drops", drops)])),
            ..self.board(&[], 0, false)
        };
        vec![
            sample("board", "one", &self.board(&[Open], 2, false)),
            sample("board", "two", &self.board(&[Open, SoldOut], 2, false)),
            sample("board", "full", &full),
            sample("board", "moment", &moment),
            sample("board", "lost", &lost),
            sample("board", "next", &self.board(&[], 2, false)),
            sample("board", "shut", &shut),
            sample("board", "empty", &self.board(&[], 0, false)),
            sample("board", "hostile", &self.board(&crowded, 2, true)),
        ]
    }

    fn sold(&self, hostile: bool) -> Vec<Sold> {
        let name = self.called(hostile).drop;
        let span = |spans: [(&'static str, &str); 1]| {
            let [(key, n)] = spans;
            self.w.with("board-sold-in", &[("span", &self.w.with(key, &[("n", n)]))])
        };
        let one = |text| Sold { name: name.to_owned(), text };
        vec![one(span([("span-s", "48")])), one(span([("span-s", "7.4")]))]
    }

    fn board(&self, states: &[State], next: usize, hostile: bool) -> Board {
        let called = self.called(hostile);
        let shown = states.iter().map(|state| {
            let drop = self.drop(*state, &called);
            let sold = (*state == State::SoldOut).then(|| self.sold(hostile).remove(0).text);
            Shown::of(self.visit, drop, sold, states.len())
        });
        let next = (0..next).map(|_| self.drop(State::Before, &called)).collect();
        let frame = self.frame(&self.w.t("board-title"), "/board", "hello");
        let mut board = Board::with(frame, self.visit, shown.collect(), next);
        board.frame.refresh_s = None;
        let quiet = states.is_empty();
        let rush = |s: u64| if quiet { 0 } else { (s * s * 37 % 90) + 1_200 / (s + 4) };
        let pace = Pace::of(self.now_ms / 1_000, (0..60).rev().map(rush).collect());
        board.chart = Chart::of(self.visit, &pace);
        board.key = super::programme::groups(&[0x5a; 32]);
        board.sold = if quiet { Vec::new() } else { self.sold(hostile) };
        board.head = (!quiet).then(|| Head {
            drop: called.drop.to_owned(),
            line: self.w.with("board-head-line", &[("seq", "1204")]),
            hash: short(&"8f3a5a5a".repeat(8)),
            time: "12:00:05".to_owned(),
        });
        board
    }
}
