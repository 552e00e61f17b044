//! Makes `festivals/history.toml` from `facts/rounds.csv`, and counts it back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// One row of the facts.
pub struct Row {
    pub date: String,
    pub time: String,
    pub item: String,
    /// Empty for a draw.
    pub units: Option<u32>,
    pub audience: String,
    pub sold_out_s: Option<u32>,
    pub note: String,
}

/// Every row, in the file's order.
pub fn rows(csv: &str) -> Vec<Row> {
    let lines = csv.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.skip(1).map(row).collect()
}

fn row(line: &str) -> Row {
    // Only the note, the last of eight columns, may hold a comma.
    let cells: Vec<&str> = line.splitn(8, ',').collect();
    assert_eq!(cells.len(), 8, "{line}");
    Row {
        date: cells[1].to_owned(),
        time: if cells[2].is_empty() { "12:00".to_owned() } else { cells[2].to_owned() },
        item: cells[3].to_owned(),
        units: cells[4].parse().ok(),
        audience: cells[5].to_owned(),
        sold_out_s: cells[6].parse().ok(),
        note: cells[7].trim_matches('"').to_owned(),
    }
}

/// The rows with stock, by drop; a day with two times has two drops, which carry their time.
pub fn drops(rows: &[Row]) -> BTreeMap<String, Vec<&Row>> {
    let times = |date: &str| {
        let same = rows.iter().filter(|row| row.date == date);
        same.map(|row| row.time.as_str()).collect::<BTreeSet<_>>().len()
    };
    let mut drops: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.units.is_some()) {
        let mut id = format!("round-{}", row.date);
        if times(&row.date) > 1 {
            let _ = write!(id, "-{}", row.time.replace(':', ""));
        }
        drops.entry(id).or_default().push(row);
    }
    drops
}

/// The good's id of an item.
pub fn slug(item: &str) -> String {
    item.to_lowercase().replace(' ', "-")
}

/// The Chinese of the facts' item names, word by word.
fn item_zh(item: &str) -> String {
    let words = item.split(' ').map(|word| match word {
        "phone" => "手机",
        "phone-1" => "手机一代",
        "phone-1s" => "手机一代 S",
        "phone-2" => "手机二代",
        "phone-2a" => "手机二代 A",
        "phone-2s" => "手机二代 S",
        "phone-3" => "手机三代",
        "phone-red" => "红色手机",
        "engineering" => "工程",
        "edition" => "版",
        "deposit" => "定金预订",
        "reservation" => "预约",
        "telecom" => "电信版",
        "youth" => "青春版",
        "tv" => "电视",
        "box" => "盒子",
        "new" => "新款",
        "earphones" => "耳机",
        "launch" => "发布会",
        "ticket" => "门票",
        "16GB" => "16 GB",
        "32GB" => "32 GB",
        other => panic!("no Chinese for {other}"),
    });
    words.collect::<Vec<_>>().join(" ").replace("工程 版", "工程版").replace("视 盒", "视盒")
}

fn audience_zh(audience: &str) -> &'static str {
    match audience {
        "everyone" => "所有人",
        "existing owners" => "老用户",
        "reserved" => "已预约的人",
        "points over 100" => "积分超过 100 的人",
        "partner marketplace" => "合作商城的顾客",
        "followers of the messaging account" => "公众号的关注者",
        other => panic!("no Chinese for {other}"),
    }
}

fn capital(text: &str) -> String {
    text[..1].to_uppercase() + &text[1..]
}

const HEAD: &str = "\
#:schema ../docs/festival.schema.json
# Every timed sale of 2011-2013 of which facts/rounds.csv gives the stock, one drop a round.
# Made from that file by tests/festival_file/history.rs: `UPDATE=1 cargo test --test festival_file`.
#
# Not in the sources, and therefore not claimed here: makers, addresses and certificates (the
# placeholders say so), and most prices (\"0.00\"). Where no time is given it is 12:00. A drop
# closes at the end of its day unless the sources say that it stayed open longer.
#
# Left out: the round of 2012-02-16, a draw; it waits for that mechanism.

[festival]
id = \"history\"
name = { zh = \"历史场次 2011-2013\", en = \"The real rounds of 2011-2013\" }
zone = \"Asia/Shanghai\"
currency = \"CNY\"
";

/// The festival file of these rows.
pub fn file(rows: &[Row]) -> String {
    let mut file = HEAD.to_owned();
    let mut goods = BTreeSet::new();
    for row in rows.iter().filter(|row| row.units.is_some()) {
        if goods.insert(&row.item) {
            good(&mut file, &row.item);
        }
    }
    for (id, rows) in drops(rows) {
        drop(&mut file, &id, &rows);
    }
    file
}

fn good(file: &mut String, item: &str) {
    let (id, zh, en) = (slug(item), item_zh(item), capital(item));
    let _ = write!(
        file,
        "
[[goods]]
id = \"{id}\"
name = {{ zh = \"{zh}\", en = \"{en}\" }}
maker.name = {{ zh = \"历史资料未载\", en = \"Not recorded in the sources\" }}
maker.address = {{ zh = \"历史资料未载\", en = \"Not recorded in the sources\" }}
certificate = \"历史资料未载 / not recorded in the sources\"
"
    );
}

fn drop(file: &mut String, id: &str, rows: &[&Row]) {
    let first = rows[0];
    let (date, time) = (&first.date, &first.time);
    let (zh, en) = (audience_zh(&first.audience), capital(&first.audience));
    let _ = write!(
        file,
        "
[[drops]]
id = \"{id}\"
kind = \"sale\"
name = {{ zh = \"{date} {time} 场\", en = \"Round of {date} {time}\" }}
opens_at = {date}T{time}
closes_at = {}T00:00
hold = \"15m\"
limit = 1
audience = {{ zh = \"{zh}\", en = \"{en}\" }}
",
        day_after(&last_day(rows)),
    );
    for row in rows {
        item(file, row);
    }
}

fn item(file: &mut String, row: &Row) {
    file.push('\n');
    if !row.note.is_empty() {
        let _ = writeln!(file, "# Note in the sources: {}", row.note);
    }
    let units = row.units.expect("a row with stock");
    let price = if row.note.contains("199 yuan") {
        "199.00"
    } else if row.note.contains("1699") {
        "1699.00"
    } else {
        "0.00"
    };
    let _ = write!(file, "[[drops.items]]\ngood = \"{}\"\nprice = \"{price}\"", slug(&row.item));
    file.push_str(if price == "0.00" { " # not known\n" } else { "\n" });
    let _ = writeln!(file, "stock = {units}");
    if let Some(seconds) = row.sold_out_s {
        let _ = writeln!(file, "sold_out_s = {seconds}");
    }
}

/// The day at whose end the drop closes: its own, or the one the sources name, or the next if
/// selling out lasted to the end of its own.
fn last_day(rows: &[&Row]) -> String {
    let first = rows[0];
    if let Some((_, day)) = first.note.split_once("open until ") {
        return day.to_owned();
    }
    let hour: u32 = first.time[..2].parse().expect("a time");
    let longest = rows.iter().filter_map(|row| row.sold_out_s).max().unwrap_or(0);
    if hour * 3_600 + longest >= 86_400 { day_after(&first.date) } else { first.date.clone() }
}

fn day_after(date: &str) -> String {
    let date: jiff::civil::Date = date.parse().expect("a date");
    date.tomorrow().expect("a day follows").to_string()
}
