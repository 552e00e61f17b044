//! What a festival file is refused for, where the fault stands and what it says.

use fanfare::festivals::{EXAMPLE, Fault, read};

use super::{faults, festival, only, with};

#[test]
fn every_fault_is_told_at_once_and_in_order() {
    let text = EXAMPLE
        .replace("zone = \"Asia/Shanghai\"", "zone = \"Asia/Shanghay\"")
        .replace("certificate", "certficate")
        .replace("limit = 1", "limit = 0")
        .replace("79.00", "79")
        .replace("amber = 300", "amber = -5");
    let faults = faults(&text);
    let lines: Vec<_> = faults.list().iter().map(Fault::line).collect();
    let shown = faults.to_string();
    assert_eq!(lines.len(), 5, "{shown}");
    assert!(lines.is_sorted(), "{shown}");
    for words in [
        "zone is not a zone we know, \"Asia/Shanghay\"; write \"Asia/Shanghai\"",
        "the key \"certficate\" is unknown here; write certificate, or take it out",
        "limit is 0; write a whole number from 1 to 100, for example limit = 1",
        "price is \"79\"; write an amount with 2 decimals, as CNY has them",
        "stock.amber is -5; write the number of units you have, 0 or more",
    ] {
        assert!(shown.contains(words), "{words}\nin\n{shown}");
    }
}

#[test]
fn ids_that_clash_are_refused() {
    let item = "\n[[drops.items]]\ngood = \"lantern\"\nprice = \"1.00\"\n\
                stock = { amber = 1, white = 1 }\n";
    let twice = EXAMPLE.replace("\n[crowd]", &format!("{item}\n[crowd]"));
    let faults = faults(&twice).to_string();
    assert!(faults.contains("\"lantern\" belongs to an item of this drop in line"), "{faults}");
    let variant = with("id = \"white\"", "id = \"amber\"");
    let variant = variant.replace("white = 200", "amber2 = 200").replace(", white = 2", "");
    let shown = super::faults(&variant).to_string();
    assert!(shown.contains("\"amber\" belongs to the variant in line 15 already"), "{shown}");
    let (head, rest) = EXAMPLE.split_once("[[goods]]").expect("goods");
    let (good, rest) = rest.split_once("[[drops]]").expect("drops");
    let (drop, _) = rest.split_once("[crowd]").expect("crowd");
    let good_twice = format!("{head}[[goods]]{good}[[goods]]{good}[[drops]]{drop}");
    let shown = super::faults(&good_twice).to_string();
    assert!(shown.contains("the id \"lantern\" belongs to the good in line 8"), "{shown}");
    let drop_twice = format!("{head}[[goods]]{good}[[drops]]{drop}[[drops]]{drop}");
    let second = drop_twice.rfind("id = \"lantern-noon\"").expect("the second drop");
    let line = drop_twice[..second].matches('\n').count() + 1;
    let shown = super::faults(&drop_twice).to_string();
    assert!(shown.starts_with(&format!("x.toml:{line}:1: the id \"lantern-noon\"")), "{shown}");
}

#[test]
fn stock_is_a_number_of_units() {
    let one = with("stock = { amber = 300, white = 200 }", "stock = -5");
    let one = one.replace("reserve = { amber = 3, white = 2 }\n", "");
    only(&one, "stock = -5", "-5", &["stock is -5", "the number of units you have, 0 or more"]);
    only(&one.replace("-5", "5"), "stock = 5", "stock", &["has variants", "amber = 100"]);
    only(&one.replace("-5", "{ amber = 5 }"), "stock =", "{", &["the variant \"white\""]);
    only(
        &one.replace("-5", "{ amber = 5, white = 1, whit = 2 }"),
        "stock =",
        "whit = 2",
        &["no variant \"whit\"", "write white"],
    );
    only(
        &one.replace("-5", "{ amber = 100000001, white = 1 }"),
        "stock =",
        "100000001",
        &["stock.amber is 100000001", "at most 100000000"],
    );
    only(&one.replace("-5", "99999999999999999999"), "stock =", "9", &["at most 100000000"]);
    only(&with("amber = 3,", "amber = 301,"), "reserve =", "reserve", &["301", "at most 300"]);
}

/// The example with so many goods of so many variants, all in one drop, each with `units`.
pub fn crowded(goods: usize, variants: usize, units: u32) -> String {
    let (begin, rest) = EXAMPLE.split_once("[[goods]]").expect("goods");
    let (good, rest) = rest.split_once("[[goods.variants]]").expect("variants");
    let (_, drop) = rest.split_once("[[drops]]").expect("drops");
    let (drop, _) = drop.split_once("[[drops.items]]").expect("items");
    let kinds = (0..variants).map(|kind| format!("{{ id = \"v{kind}\", name = NAME }}, "));
    let kinds = kinds.collect::<String>().replace("NAME", "{ zh = \"款\", en = \"Kind\" }");
    let stock: Vec<_> = (0..variants).map(|kind| format!("v{kind} = {units}")).collect();
    let stock = stock.join(", ");
    let names = || (0..goods).map(|number| format!("\"lantern-{number}\""));
    let goods = names().map(|name| {
        let good = good.replace("\"lantern\"", &name);
        format!("[[goods]]{good}variants = [{kinds}]\n")
    });
    let items = names().map(|name| {
        format!("[[drops.items]]\ngood = {name}\nprice = \"1.00\"\nstock = {{ {stock} }}\n")
    });
    let (goods, items) = (goods.collect::<String>(), items.collect::<String>());
    format!("{begin}{goods}[[drops]]{drop}{items}")
}

#[test]
fn a_drop_is_bounded_in_items_lines_and_units() {
    let full = festival(&crowded(64, 4, 1));
    let drop = &full.drops()[0];
    assert_eq!((drop.items().len(), drop.lines().len(), drop.stock()), (64, 256, 256));
    assert_eq!(festival(&crowded(5, 2, 100_000_000)).drops()[0].stock(), 1_000_000_000);
    for (text, words) in [
        (crowded(65, 1, 1), "items has 65 tables; write 1 to 64 tables [[drops.items]]"),
        (crowded(4, 65, 1), "variants has 65 tables; write 1 to 64 tables [[goods.variants]]"),
        (crowded(52, 5, 1), "the drop has 260 lines of stock; write at most 256"),
        (crowded(11, 1, 100_000_000), "the drop has 1100000000 units; write at most 1000000000"),
    ] {
        let shown = faults(&text).to_string();
        assert!(shown.lines().all(|line| line.contains(words)), "{words}\nin {shown}");
    }
}

#[test]
fn unknown_keys_are_refused_with_a_suggestion() {
    let words = ["[[drops]]: the key \"opens\" is unknown here", "write opens_at"];
    only(&with("opens_at", "opens"), "opens =", "opens", &words);
    only(&with("[crowd]", "[crowds]"), "[crowds]", "crowds", &["write crowd, or take it out"]);
    only(&with("limit = 1", "limit = 1\ncolour = 3"), "colour", "colour", &["one of id, kind"]);
    let names = with("name = { zh = \"琥珀色\", en", "name = { zh = \"琥珀色\", de = \"x\", en");
    only(&names, "琥珀色", "de =", &["the key \"de\" is unknown"]);
}

#[test]
fn goods_without_maker_address_or_certificate_are_refused() {
    for (line, key) in [
        ("maker.name = { zh = \"晨光电器厂\", en = \"Chenguang Appliances\" }\n", "maker.name"),
        ("certificate = \"CCC 2026010101000001\"\n", "certificate"),
    ] {
        let text = with(line, "");
        let words = [format!("[[goods]]: {key} is missing"), "三无".to_owned()];
        let shown = faults(&text).to_string();
        assert_eq!(shown.lines().count(), 1, "{shown}");
        assert!(words.iter().all(|word| shown.contains(word)), "{shown}");
    }
    let blank = with("\"CCC 2026010101000001\"", "\"  \"");
    only(&blank, "certificate", "\"", &["certificate is empty"]);
    only(&with(", en = \"Amber\"", ""), "琥珀色", "{", &["name.en is missing", "English"]);
    let text = EXAMPLE.replace("zh = \"杭州市临平区星桥路 8 号\", ", "");
    only(&text, "maker.address", "{", &["[[goods]]: maker.address.zh is missing"]);
}

#[test]
fn values_out_of_range_and_of_other_types_are_refused() {
    for (old, new, words) in [
        ("limit = 1", "limit = 101", ["limit is 101", "1 to 100"]),
        ("limit = 1", "limit = \"1\"", ["limit is the text \"1\"", "1 to 100"]),
        ("limit = 1", "limit = 1.5", ["limit is 1.5", "1 to 100"]),
        ("hold = \"15m\"", "hold = \"999ms\"", ["hold is 999ms, which is too short", "1s to 30d"]),
        ("hold = \"15m\"", "hold = \"31d\"", ["hold is 31d, which is too long", "1s to 30d"]),
        ("hold = \"15m\"", "hold = 15", ["hold is 15", "for example hold = \"15m\""]),
        ("\"CNY\"", "\"cny\"", ["currency is unknown", "write \"CNY\""]),
        ("\"CNY\"", "\"XAU\"", ["currency is ", "a currency people pay in"]),
        ("\"79.00\"", "\"79.5\"", ["price is \"79.5\"", "2 decimals"]),
        ("\"79.00\"", "\"-1.00\"", ["price is \"-1.00\"", "2 decimals"]),
        ("\"79.00\"", "79.00", ["price is 79.00", "in quotes"]),
        ("\"79.00\"", "\"90000000.01\"", ["price is ", "at most \"90000000.00\""]),
        ("\"sale\"", "\"draw\"", ["kind is the text \"draw\"", "write \"sale\""]),
        ("\"lantern-noon\"", "\"Noon\"", ["id is the text \"Noon\"", "lower-case"]),
        (
            "good = \"lantern\"",
            "good = \"lantrn\"",
            ["none of the [[goods]]", "good = \"lantern\""],
        ),
        ("fans = 5000", "unpaid_share = 1.5", ["unpaid_share is 1.5", "from 0 to 1"]),
        ("fans = 5000", "pay_after = [\"8s\", \"1s\"]", ["pay_after has an entry", "shorter"]),
        ("fans = 5000", "pay_after = [\"1s\"]", ["pay_after is a list of 1", "2 times"]),
        ("fans = 5000", "burst_within = \"26s\"", ["longer than arrive_within", "shorter"]),
        ("fans = 5000", "unpaid_share = 1.0", ["1.01", "at most 1"]),
    ] {
        let text = with(old, new);
        let shown = faults(&text).to_string();
        assert_eq!(shown.lines().count(), 1, "{shown}");
        assert!(words.iter().all(|word| shown.contains(word)), "{words:?}\nin {shown}");
    }
    let yen = EXAMPLE.replace("\"CNY\"", "\"JPY\"");
    only(&yen, "price", "\"79.00\"", &["no decimals", "\"799\""]);
    assert_eq!(festival(&yen.replace("79.00", "79")).drops()[0].lines()[0].price_minor, 79);
    assert_eq!(festival(&with("79.00", "0.00")).drops()[0].lines()[0].price_minor, 0);
}

#[test]
fn text_that_would_deceive_is_refused() {
    for hidden in ["\\u0007", "\\u202e", "\\n"] {
        let text = with("en = \"Noon sale\"", &format!("en = \"Noon{hidden} sale\""));
        only(&text, "午间", "\"Noon", &["cannot be seen"]);
    }
    let long = with("\"Noon sale\"", &format!("\"{}\"", "汉".repeat(121)));
    only(&long, "午间", "\"汉", &["has 121 characters", "1 to 120"]);
    assert!(read("x.toml", &with("\"Noon sale\"", &format!("\"{}\"", "汉".repeat(120)))).is_ok());
    let escape = faults(&with("\"lantern-noon\"", "\"\\u001b[31m\"")).to_string();
    assert!(!escape.contains('\u{1b}'), "{escape:?}");
}
