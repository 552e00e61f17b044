//! The report of a small rehearsal, sound and broken, in both languages.

use super::naive::Fault;
use super::zeros::rehearse;
use crate::rehearsal::{About, DropRun, Memory, Occasion, Outcome, Words, page};

fn drop_with(id: &str, history_s: u32, fault: Fault) -> (Outcome, About, Memory) {
    let (memory, found) = rehearse(3, fault);
    let run = DropRun { drop: id.into(), memory, seed: 3, took_ms: 900, virtual_time: true };
    let about = About {
        name_en: format!("{id} & more"),
        name_zh: "红色手机 首轮".into(),
        history_sold_out_s: Some(history_s),
        verified: true,
        shortened: vec![Words::new("Holds: 10 s, not 15 min.", "保留时间：10 秒，原为 15 分钟。")],
        reloads_left_out: 0,
    };
    (Outcome::of(&run, &found, &about), about, run.memory)
}

fn report(fault: Fault) -> String {
    let drops = [drop_with("round-one", 90, Fault::None), drop_with("round-two", 43_200, fault)];
    let occasion = Occasion {
        festival: Words::new("Fan festival of 2013", "2013 粉丝节"),
        command: "fanfare rehearse festivals/history.toml --hold 10".into(),
        seed: 3,
        when: "2026-11-21 20:30".into(),
        in_process: true,
        took_ms: 4_200,
    };
    let shown: Vec<_> = drops.iter().map(|(o, about, memory)| (o, about, memory)).collect();
    page(&occasion, &shown).unwrap()
}

#[test]
fn the_report_says_what_was_kept_and_what_was_broken_and_where() {
    let sound = report(Fault::None);
    assert!(sound.contains("Every promise was kept.") && !sound.contains("Not every promise"));
    let broken = report(Fault::Oversells);
    assert!(broken.contains("Not every promise was kept."));
    assert!(broken.contains("<a href=\"#round-two\">round-two</a>"));
    for page in [&sound, &broken] {
        assert!(page.contains("round-one &#38; more"), "names are escaped");
        assert!(page.contains("保留时间：10 秒") && page.contains("--hold 10"));
        assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("NaN"));
        assert_eq!(page.matches("class=\"en\"").count(), page.matches("class=\"zh\"").count());
    }
    // So that one can look at it: the path of a folder in this variable.
    if let Ok(folder) = std::env::var("FANFARE_REPORT_TO") {
        std::fs::write(format!("{folder}/sound.html"), sound).unwrap();
        std::fs::write(format!("{folder}/broken.html"), broken).unwrap();
    }
}
