//! The tables beside a serving node: they follow it, they testify how far it had come, and a lane
//! at rest is read from them.

use super::{Base, compared, on_both, project, wait_for};
use crate::common::world::{LAMPS, LATE, OPENS_MS, World, festival, whole_day};
use fanfare::app::{App, ColdSide, Mode};
use fanfare::drops::answers::claim_id;
use fanfare::drops::cold::{self, Projector, rest};
use fanfare::drops::node::{Beside, Node};
use fanfare::drops::{gate, plan};
use fanfare::kit::clock::Clock;
use fanfare::kit::data::DataFolder;
use fanfare::kit::token::{Role, Session};
use fanfare_engine::{ClaimState, Fan};
use fanfare_lane::LaneConfig;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[test]
fn the_tables_follow_a_node_that_serves() {
    on_both("follows", |base, temp| {
        let world = World::start(&temp.data(), OPENS_MS - 1_000);
        let (journal, told) = (world.node.folder.journals(), world.node.told.clone());
        let mut projector = Projector::start(journal, base.open(), told).unwrap();
        let lag = projector.lag.clone();
        world.at(0);
        for fan in 1..=6 {
            let claim = world.claim(LAMPS, fan, 0, 1);
            world.settle(LAMPS, &claim);
        }
        // Terms and opening of two lanes, and what the fans did.
        wait_for(|| lag.facts.load(Ordering::Relaxed) >= 16);
        wait_for(|| lag.rows.load(Ordering::Relaxed) == 0);
        let report = compared(base, &temp.data());
        assert!(report.holds(), "{:#?}", report.broken);
        // Told to stop, it takes what is there first.
        world.both(20..24);
        world.stop();
        projector.stop();
        let cold = base.open();
        let db = cold.db();
        let cursors = cold.wait(async move { cold::cursors(&db).await }).unwrap();
        let report = compared(base, &temp.data());
        assert!(report.holds(), "{:#?}", report.broken);
        for lane in &report.lanes {
            assert_eq!(cursors[&lane.lane].0.seq, lane.newest_seq);
        }
    });
}

/// Starts a node beside what the tables testify; the reasons lanes are shut for.
fn shut(base: &Base, data: &Path) -> Vec<String> {
    let cold = base.open();
    let db = cold.db();
    let tables = cold.wait(async move { cold::witnessed(&db).await }).unwrap();
    let folder = DataFolder::serve(data, "small-day", false).unwrap();
    let now_ms = OPENS_MS + 300_000;
    let specs = plan::specs(&festival(), &folder, now_ms).unwrap();
    let clock = Arc::new(Clock::standing_at(now_ms));
    let node = {
        let beside = Beside { tables, ..Beside::default() };
        Node::start_beside(folder, clock, LaneConfig::default(), specs, beside).unwrap()
    };
    let shut = node.directory().shut().iter().map(|shut| shut.why.clone()).collect();
    node.stop();
    shut
}

#[test]
fn a_journal_shorter_than_the_tables_went_back_in_time_and_stays_shut() {
    on_both("back", |base, temp| {
        let data = temp.data();
        let world = World::start(&data, OPENS_MS);
        world.claim(LAMPS, 1, 0, 1);
        world.stop();
        let (journal, kept) = (data.join("journal.sqlite"), temp.path().join("kept.sqlite"));
        fs::copy(&journal, &kept).unwrap();
        let world = World::start(&data, OPENS_MS + 1_000);
        world.claim(LAMPS, 2, 0, 1);
        world.stop();
        assert_eq!(project(base, &data), [""; 0]);
        assert_eq!(shut(base, &data), [""; 0], "an undamaged journal is as long as its tables");
        assert_eq!(project(base, &data), [""; 0]);
        // Put back, with a witness that saw nothing later: only the tables know.
        fs::copy(&kept, &journal).unwrap();
        for witness in ["heads", "heads.before"] {
            let _ = fs::remove_file(data.join(witness));
        }
        let shut = shut(base, &data);
        assert!(shut.iter().any(|why| why.contains("went back in time")), "{shut:?}");
        let report = compared(base, &data);
        let kept = report.broken.iter().find(|broken| broken.promise.code() == "kept");
        assert!(kept.is_some_and(|broken| broken.lane == Some(LAMPS)), "{:#?}", report.broken);
    });
}

#[test]
fn a_lane_at_rest_is_read_from_the_tables_and_not_replayed() {
    on_both("rest", |base, temp| {
        whole_day(&temp.data());
        assert_eq!(project(base, &temp.data()), [""; 0]);
        let world = World::start(&temp.data(), OPENS_MS + 3_000_000);
        let side = ColdSide::new(base.open(), Arc::default(), &world.node);
        let app = App::beside(world.node.clone(), festival(), Mode::Real, Some(side));
        let drop = world.node.directory().of_lane(LATE).unwrap().clone();
        let in_memory = || drop.published.read(0, |_| ()).is_some();
        assert!(!in_memory(), "it rests");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let fan = Fan::new(30).unwrap();
        let own = runtime.block_on(rest::claims_of(&app, fan, vec![drop.clone()]));
        let own = own.unwrap_or_else(|_| panic!("the fan's claims"));
        let [(_, claim)] = &own[..] else { panic!("{} claims", own.len()) };
        assert_eq!((claim.fan, claim.state), (fan, ClaimState::Settled));
        let find = |fan, id: &str| {
            let session = Session { fan, role: Role::Fan, until_s: u32::MAX };
            runtime.block_on(gate::find_claim(&app, &session, id)).map(|(_, claim)| claim).ok()
        };
        let id = claim_id(LATE, claim.place);
        assert_eq!(find(fan, &id), Some(*claim));
        assert_eq!(find(Fan::new(31).unwrap(), &id), None, "another's");
        let mut nowhere = claim.place;
        nowhere.index += 1;
        assert_eq!(find(fan, &claim_id(LATE, nowhere)), None);
        assert!(!in_memory(), "nothing was replayed");
        let plain = world.app();
        let own = runtime.block_on(rest::claims_of(&plain, fan, vec![drop.clone()]));
        assert!(own.is_ok_and(|own| own[0].1.place == claim.place) && in_memory());
        // Behind the journal the tables say nothing, and the journal is asked.
        world.ask(LATE, fanfare_engine::Command::Return { number: claim.number });
        world.node.quiet();
        assert_eq!(find(fan, &id).map(|claim| claim.state), Some(ClaimState::Returned));
        world.stop();
    });
}
