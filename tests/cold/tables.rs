//! What stands in the tables after a day, and what is said when it is not what the facts say.

use super::{Base, NOW_MS, compared, of_tables, on_both, project};
use crate::common::world::{OPENS_MS, Temp, World, act, whole_day};
use fanfare::drops::cold::{self, read::Moment};
use fanfare::kit::db::{self, Cold, Database, MIGRATIONS, Marks, Migration};
use fanfare::on;
use fanfare_engine::{Amendment, Command, LineTerms, Place};

/// Runs something in a database behind the program's back.
fn meddle(base: &Base, sql: &str) -> u64 {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    let cold = base.open();
    let db = cold.db();
    let done = cold.wait(async move {
        let mut tx = db.begin().await?;
        let rows = on!(&mut tx, tx => {
            sqlx::query(sql).execute(&mut **tx).await.map(|done| done.rows_affected())
        })?;
        db::commit(tx).await?;
        Ok(rows)
    });
    done.unwrap()
}

fn count(base: &Base, sql: &'static str) -> i64 {
    let cold = base.open();
    let db = cold.db();
    let counted = cold.wait(async move {
        let (count,): (i64,) = on!(db.read(), pool => sqlx::query_as(sql).fetch_one(pool).await)?;
        Ok(count)
    });
    counted.unwrap()
}

#[test]
fn every_statement_prepares_on_both() {
    on_both("prepares", |base, _| {
        let cold = base.open();
        let all = cold::statements(Marks::of(cold.db().read())).into_iter();
        let fixed = db::statements().chain(
            fanfare::fans::STATEMENTS
                .iter()
                .copied()
                .chain(fanfare::host::STATEMENTS.iter().copied()),
        );
        let all = all.chain(fixed.map(str::to_owned));
        for sql in all {
            let (db, shown) = (cold.db(), sql.clone());
            let prepared = cold.wait(async move { db.prepare(sql).await });
            prepared.unwrap_or_else(|why| panic!("{why}: {shown}"));
        }
        let db = cold.db();
        let wrong =
            cold.wait(async move { db.prepare("SELECT nothing FROM nowhere".into()).await });
        assert!(wrong.is_err(), "what no database understands is prepared");
    });
}

#[test]
fn a_whole_day_becomes_rows_and_a_second_reading_changes_nothing() {
    on_both("day", |base, temp| {
        whole_day(&temp.data());
        for _ in 0..2 {
            assert_eq!(project(base, &temp.data()), [""; 0]);
            let report = compared(base, &temp.data());
            assert!(report.holds(), "{:#?}", report.broken);
        }
        let claims: u64 = compared(base, &temp.data()).lanes.iter().map(|lane| lane.claims).sum();
        assert_eq!(count(base, "SELECT COUNT(*) FROM claims") as u64, claims);
        assert_eq!(count(base, "SELECT COUNT(*) FROM events WHERE subject = 'lamps'"), 4);
        assert_eq!(count(base, "SELECT COUNT(*) FROM events WHERE what = 'drop.closed'"), 1);
        assert_eq!(count(base, "SELECT COUNT(*) FROM drops WHERE resting"), 1);
        assert_eq!(count(base, "SELECT COUNT(*) FROM rights WHERE state = 'used'"), 1);
        assert!(count(base, "SELECT MAX(facts) FROM claims") > 2, "made, paid, taken back");
    });
}

#[test]
fn holds_that_were_extended_and_terms_that_changed_stand_in_the_tables() {
    on_both("extended", |base, temp| {
        let world = World::start(&temp.data(), OPENS_MS - 1_000);
        world.at(1_000);
        let early = world.claim(1, 1, 0, 1);
        world.stop();
        assert_eq!(project(base, &temp.data()), [""; 0]);
        // Twice away, so that the first claim's hold is extended twice and the second's once.
        let world = World::start(&temp.data(), OPENS_MS + 60_000);
        world.claim(1, 2, 1, 1);
        let line = LineTerms { id: 77, price_minor: 5, stock: 9, reserve: 2 };
        for amendment in [Amendment::Hold(300), Amendment::NewLine(line)] {
            world.ask(1, Command::Amend { amendment, act: act() });
        }
        world.claim(1, 3, 2, 1);
        world.stop();
        let world = World::start(&temp.data(), OPENS_MS + 90_000);
        world.settle(1, &early);
        world.stop();
        assert_eq!(project(base, &temp.data()), [""; 0]);
        let report = compared(base, &temp.data());
        assert!(report.holds(), "{:#?}", report.broken);
        assert_eq!(count(base, "SELECT hold_s FROM drops WHERE lane = 1"), 300);
        assert_eq!(count(base, "SELECT held FROM drop_lines WHERE lane = 1 AND line = 2"), 1);
    });
}

#[test]
fn tables_that_say_something_else_than_the_facts_are_named() {
    on_both("meddled", |base, temp| {
        whole_day(&temp.data());
        assert_eq!(project(base, &temp.data()), [""; 0]);
        for (sql, named) in [
            ("UPDATE claims SET fan = fan + 1 WHERE lane = 1 AND number = 2", "claim 2 is another"),
            ("UPDATE claims SET fan = fan - 1 WHERE lane = 1 AND number = 2", ""),
            ("UPDATE drop_lines SET settled = settled + 1 WHERE lane = 1 AND line = 0", "sums"),
            ("UPDATE drop_lines SET settled = settled - 1 WHERE lane = 1 AND line = 0", ""),
            ("DELETE FROM claims WHERE lane = 1 AND number = 3", "claim 3 is in the facts"),
        ] {
            assert_eq!(meddle(base, sql), 1, "{sql}");
            let said = of_tables(&compared(base, &temp.data()));
            assert_eq!(said.is_empty(), named.is_empty(), "{sql}: {said:?}");
            assert!(said.iter().all(|what| what.contains(named)), "{sql}: {said:?}");
        }
    });
}

#[test]
fn a_claim_is_found_by_its_place_also_where_others_are_lost() {
    on_both("places", |base, temp| {
        let world = World::start(&temp.data(), OPENS_MS - 1_000);
        world.stop();
        assert_eq!(project(base, &temp.data()), [""; 0]);
        // Three a row; of three hundred the middle ones and the last are gone.
        let there = |number: u32| number < 120 || (180..290).contains(&number);
        let place = |number: u32| Place { seq: number / 3 + 2, index: (number % 3) as u16 };
        for number in (1..=300).filter(|number| there(*number)) {
            let Place { seq, index } = place(number);
            let sql = format!(
                "INSERT INTO claims VALUES (1, {number}, {number}, 0, 1, 'held', 9, NULL, {seq}, \
                 {index}, 5, 5, 1)"
            );
            assert_eq!(meddle(base, &sql), 1);
        }
        assert_eq!(meddle(base, "UPDATE drops SET claims = 300 WHERE lane = 1"), 1);
        let cold = base.open();
        let db = cold.db();
        let found = cold.wait(async move {
            let mut moment = Moment::of(&db, 1).await?;
            let mut found = Vec::new();
            for number in 0..=303 {
                found.push(moment.claim_at(place(number)).await?.map(|made| made.number));
            }
            Ok(found)
        });
        let expected = (0..=303).map(|number| Some(number).filter(|n| *n > 0 && there(*n)));
        assert_eq!(found.unwrap(), expected.collect::<Vec<_>>());
    });
}

#[test]
fn a_cursor_that_is_not_in_the_journal_stops_its_lane_and_names_both() {
    on_both("cursor", |base, temp| {
        whole_day(&temp.data());
        assert_eq!(project(base, &temp.data()), [""; 0]);
        let of_late = "UPDATE cursors SET hash = (SELECT hash FROM cursors WHERE lane = 1)
            WHERE lane = 2";
        assert_eq!(meddle(base, of_late), 1);
        let world = World::start(&temp.data(), OPENS_MS + 200_000);
        world.claim(1, 50, 1, 1);
        world.stop();
        let said = project(base, &temp.data());
        assert!(said.len() == 1 && said[0].contains("two histories"), "{said:?}");
        assert!(said[0].contains("lane 2"), "{said:?}");
        let said = of_tables(&compared(base, &temp.data()));
        assert!(said.len() == 1 && said[0].contains("lane 2"), "lane 1 goes on: {said:?}");
    });
}

#[test]
fn a_row_that_became_rows_already_does_not_become_them_again() {
    on_both("again", |base, temp| {
        whole_day(&temp.data());
        assert_eq!(project(base, &temp.data()), [""; 0]);
        // The cursor forgets; the claims are there.
        meddle(base, "DELETE FROM cursors WHERE lane = 1");
        let claims = count(base, "SELECT COUNT(*) FROM claims");
        let said = project(base, &temp.data());
        assert!(said.len() == 1 && said[0].contains("do not fit the tables"), "{said:?}");
        assert_eq!(count(base, "SELECT COUNT(*) FROM claims"), claims);
    });
}

#[test]
fn a_database_of_a_newer_program_or_another_folder_is_refused() {
    const OTHER: &[Migration] =
        &[Migration { name: "0001-facts", sql: "CREATE TABLE house (festival TEXT NOT NULL);\n" }];
    on_both("newer", |base, temp| {
        drop(base.open());
        let opened = |files| Cold::open(&base.place, files, NOW_MS).map(drop);
        let why = opened(&[]).unwrap_err().to_string();
        let newest = MIGRATIONS.last().unwrap().name;
        assert!(why.contains("newer fanfare") && why.contains(newest), "{why}");
        let why = opened(OTHER).unwrap_err().to_string();
        assert!(why.contains("another fanfare"), "{why}");
        opened(MIGRATIONS).unwrap();
        whole_day(&temp.data());
        assert_eq!(project(base, &temp.data()), [""; 0]);
        meddle(base, "UPDATE house SET made_at_ms = 1");
        let cold = base.open();
        let whose = cold::Whose::of(&fanfare::kit::data::DataFolder::look(&temp.data()).unwrap());
        let db = cold.db();
        let why = cold.wait(async move { cold::own(&db, &whose).await }).unwrap_err().to_string();
        assert!(why.contains("another data folder") && why.contains("small-day"), "{why}");
    });
}

#[test]
fn an_address_that_is_none_is_refused_with_what_to_write() {
    for url in ["mysql://x/y", "postgres:/x", "nonsense"] {
        let place = Database::Url(url.to_owned());
        let why = Cold::open(&place, MIGRATIONS, NOW_MS).err().unwrap().to_string();
        assert!(why.contains("postgres://user:password@host"), "{why}");
    }
    let temp = Temp::new("nobody");
    let place = Database::File(temp.path().join("no").join("where.sqlite"));
    assert!(Cold::open(&place, MIGRATIONS, NOW_MS).is_err());
}
