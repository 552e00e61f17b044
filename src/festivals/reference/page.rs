//! `docs/rules/festival-file.md`: every key, for people.

use std::fmt::Write as _;

use super::super::keys::{Key, Need, ROOT, Section, Shape};
use super::super::limits;

/// A whole small festival; the page shows it and a test reads it.
pub const EXAMPLE: &str = include_str!("example.toml");

const INTRODUCTION: &str = "\
# The festival file

A festival is planned in one TOML file in UTF-8. `fanfare check FILE` reads it and prints every
fault at once, as `file:line:column: what is wrong; what to write instead`. `fanfare serve FILE`
refuses a file that `check` refuses. Editors that know TOML schemas complete and check the file
with `docs/festival.schema.json`: write `#:schema ../docs/festival.schema.json` in its first line.

This page and the schema are made from the reader's own declaration of the keys; after a change
there `UPDATE=1 cargo test --test festival_file` writes them anew.

## A whole small festival

";

const VALUES: &str = "\
## How values are written

- **Names** are in both languages: `name.zh = \"…\"` and `name.en = \"…\"`, or
  `name = { zh = \"…\", en = \"…\" }`. Neither may be missing or empty.
- **Moments** are `2026-04-08T12:00` or `2026-04-08T12:00:30`, with or without quotes, read in the
  festival's zone, or with an offset: `2026-04-08T12:00+08:00`, `2026-04-08T04:00Z`. A local time
  the clocks skip is refused, with the nearest times that do exist; one that happens twice needs
  its offset.
- **Lengths of time** are `\"15m\"`, `\"1h30m\"`, `\"7d\"`, `\"1s500ms\"`: d, h, m, s, ms in
  this order. A day is 24 hours.
- **Prices** are in quotes, in the currency's major unit, with exactly its decimals: `\"799.00\"` in
  CNY, `\"799\"` in JPY.
- **Colours** are `\"#cf3a16\"`. **Pictures** are paths from the file's own folder, of `.svg`,
  `.png`, `.jpg` or `.webp` files of at most 64 KiB each, beside the file or below it.
- **Ids** are lower-case letters, digits and hyphens, and begin with a letter or a digit.

";

/// The reference page in Markdown.
pub fn page() -> String {
    let mut page = format!("{INTRODUCTION}```toml\n{EXAMPLE}```\n\n{VALUES}");
    for key in ROOT.keys {
        section_of(&mut page, key);
    }
    bounds(&mut page);
    page
}

fn section_of(page: &mut String, key: &Key) {
    let (Shape::Table(section) | Shape::Tables { of: section, .. }) = key.shape else {
        return;
    };
    if !section.head.starts_with('[') {
        return;
    }
    let _ = write!(page, "## `{}`\n\n{}\n\n", section.head, section.says);
    // A drop's crowd has the keys of the festival's; one table of them is enough.
    if section.head != "[drops.crowd]" {
        page.push_str("| key | what to write | without it | example |\n|---|---|---|---|\n");
        rows(page, section, "");
        page.push('\n');
        meanings(page, section, "");
        page.push('\n');
    }
    for key in section.keys {
        section_of(page, key);
    }
}

fn rows(page: &mut String, section: &Section, prefix: &str) {
    for key in section.keys {
        let name = format!("{prefix}{}", key.name);
        let inner = inline(key);
        if let Some(inner) = inner.filter(|inner| !is_names(inner)) {
            rows(page, inner, &format!("{name}."));
            continue;
        }
        let without = match key.need {
            Need::Required(_) => "refused".to_owned(),
            Need::Optional(means) => means.to_owned(),
            Need::Default(value) => format!("`{value}`"),
        };
        let (called, asks) = match inner {
            Some(names) => {
                let asks = names.keys[0].shape.asks().english();
                (format!("`{name}.zh`, `{name}.en`"), format!("{asks} each"))
            }
            None => (format!("`{name}`"), key.shape.asks().english()),
        };
        let example = match key.example {
            "" => String::new(),
            example => format!("`{example}`"),
        };
        let _ = writeln!(page, "| {called} | {asks} | {without} | {example} |");
    }
}

fn meanings(page: &mut String, section: &Section, prefix: &str) {
    for key in section.keys {
        let _ = writeln!(page, "- `{prefix}{}`: {}", key.name, key.says);
        if let Some(inner) = inline(key)
            && !is_names(inner)
        {
            meanings(page, inner, &format!("{prefix}{}.", key.name));
        }
    }
}

/// Whether a table is nothing but a text in both languages.
fn is_names(section: &Section) -> bool {
    section.keys.iter().map(|key| key.name).eq(["zh", "en"])
}

/// The table of a key that has no header of its own.
fn inline(key: &Key) -> Option<&'static Section> {
    match key.shape {
        Shape::Table(section) if !section.head.starts_with('[') => Some(section),
        _ => None,
    }
}

fn bounds(page: &mut String) {
    let rows = [
        ("size of the file", format!("{} KiB", limits::FILE_BYTES_MAX / 1_024)),
        ("goods", limits::GOODS_MAX.to_string()),
        ("variants of a good", limits::VARIANTS_MAX.to_string()),
        ("drops", limits::DROPS_MAX.to_string()),
        ("items of a drop", limits::ITEMS_MAX.to_string()),
        ("lines of stock (item × variant) of a drop", limits::LINES_MAX.to_string()),
        ("units of a line", limits::STOCK_LINE_MAX.to_string()),
        ("units of a drop", limits::STOCK_DROP_MAX.to_string()),
        ("a price, in the currency's minor unit", limits::PRICE_MINOR_MAX.to_string()),
        ("characters of an id", limits::ID_CHARS_MAX.to_string()),
        ("characters of the id of a drop that repeats", limits::REPEATING_ID_CHARS_MAX.to_string()),
        ("faults printed", limits::FAULTS_SHOWN_MAX.to_string()),
    ];
    page.push_str("## Bounds\n\n| of | at most |\n|---|---|\n");
    for (of, most) in rows {
        let _ = writeln!(page, "| {of} | {most} |");
    }
}
