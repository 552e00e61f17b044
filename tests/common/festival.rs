//! Festival files: the same goods in all of them, drops of each test's own.

use fanfare::festivals::{self, Festival};
use fanfare::kit::clock::Clock;

const GOODS: &str = r#"
[[goods]]
id = "lamp"
name = { zh = "台灯", en = "Lamp" }
maker.name = { zh = "某厂", en = "A maker" }
maker.address = { zh = "某路 1 号", en = "1 Some Road" }
certificate = "TEST-0001"

[[goods.variants]]
id = "cloud"
name = { zh = "云白", en = "Cloud" }

[[goods.variants]]
id = "pine"
name = { zh = "松绿", en = "Pine" }

[[goods]]
id = "box"
name = { zh = "礼盒", en = "Box" }
maker.name = { zh = "某厂", en = "A maker" }
maker.address = { zh = "某路 1 号", en = "1 Some Road" }
certificate = "TEST-0002"
"#;

/// One box; one lamp of each variant.
pub const BOX: &str = r#"{"item":"box"}"#;
pub const PINE: &str = r#"{"item":"lamp","variant":"pine"}"#;
pub const CLOUD: &str = r#"{"item":"lamp","variant":"cloud"}"#;

/// A festival in Shanghai with these drops; its goods are a lamp in cloud and pine, and a box.
pub fn text(id: &str, drops: &str) -> String {
    format!(
        r#"
[festival]
id = "{id}"
name = {{ zh = "某日", en = "Some day" }}
zone = "Asia/Shanghai"
currency = "CNY"
{GOODS}
{drops}"#
    )
}

/// A festival whose one drop, `boxes`, opens then and sells boxes: `terms` are its other keys.
pub fn boxes(id: &str, opens_ms: i64, terms: &str, stock: u32) -> String {
    text(id, &drop("boxes", opens_ms, terms, stock))
}

/// A drop that opens then and sells boxes: `terms` are its other keys.
pub fn drop(id: &str, opens_ms: i64, terms: &str, stock: u32) -> String {
    let opens = jiff::Timestamp::from_millisecond(opens_ms).unwrap();
    let opens = opens.strftime("%Y-%m-%dT%H:%M:%SZ");
    format!(
        r#"
[[drops]]
id = "{id}"
kind = "sale"
name = {{ zh = "礼盒", en = "Boxes" }}
opens_at = {opens}
{terms}
[[drops.items]]
good = "box"
price = "5.00"
stock = {stock}
"#
    )
}

/// The same, open since an hour ago by the machine's clock.
pub fn open_boxes(id: &str, terms: &str, stock: u32) -> String {
    boxes(id, Clock::machine().now_ms() - 3_600_000, terms, stock)
}

/// Reads a text that has no faults.
pub fn read(text: &str) -> Festival {
    festivals::read("festival.toml", text).unwrap_or_else(|faults| panic!("{faults}"))
}
