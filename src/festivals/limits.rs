//! The bounds of a festival file, in one place: the reader, the reference page and the editors'
//! schema all take them from here. A file is hostile until read, so everything has a largest size.

/// Largest file, in bytes (1 MiB).
pub const FILE_BYTES_MAX: usize = 1 << 20;
/// Most goods in a festival.
pub const GOODS_MAX: usize = 1_000;
/// Most variants of one good.
pub const VARIANTS_MAX: usize = 64;
/// Most drops in a festival.
pub const DROPS_MAX: usize = 1_000;
/// Most items in a drop.
pub const ITEMS_MAX: usize = 64;
/// Most lines (item × variant) in a drop; the engine keeps one ledger entry a line.
pub const LINES_MAX: usize = 256;
/// Longest id, in characters; it also fits a DNS label.
pub const ID_CHARS_MAX: usize = 63;
/// Longest id of a drop that repeats: its rounds are called `id-1`, `id-2` and so on.
pub const REPEATING_ID_CHARS_MAX: usize = 52;
/// Longest name, in characters.
pub const NAME_CHARS_MAX: usize = 120;
/// Longest address or certificate, in characters.
pub const TEXT_CHARS_MAX: usize = 240;
/// Longest path of a picture, in characters.
pub const PATH_CHARS_MAX: usize = 120;
/// What pictures' names end in.
pub const PICTURE_ENDS: [&str; 5] = [".svg", ".png", ".jpg", ".jpeg", ".webp"];
/// Largest picture, in bytes.
pub const PICTURE_BYTES_MAX: usize = 64 << 10;
/// Largest logo, in bytes: it travels within the style.
pub const LOGO_BYTES_MAX: usize = 8 << 10;
/// Largest picture for shared pages, in bytes; fans' phones do not load it.
pub const SHARED_BYTES_MAX: usize = 1 << 20;
/// Longest address, in characters.
pub const URL_CHARS_MAX: usize = 120;
/// Most units of one line.
pub const STOCK_LINE_MAX: i64 = 100_000_000;
/// Most units of one drop.
pub const STOCK_DROP_MAX: i64 = 1_000_000_000;
/// Most units one fan may hold of one drop.
pub const LIMIT_MAX: i64 = 100;
/// Dearest price in minor units: a drop's whole stock at this price still fits 64 bits.
pub const PRICE_MINOR_MAX: i64 = 9_000_000_000;
/// Shortest hold; rehearsals and the demo use short ones.
pub const HOLD_MS_MIN: i64 = SECOND_MS;
/// Longest hold (30 days).
pub const HOLD_MS_MAX: i64 = 30 * DAY_MS;
/// Longest time a drop stays open (366 days).
pub const OPEN_MS_MAX: i64 = 366 * DAY_MS;
/// Earliest year of a drop; the history goes back to 2011.
pub const YEAR_MIN: i16 = 2000;
/// Latest year of a drop.
pub const YEAR_MAX: i16 = 2199;
/// Largest crowd of one drop.
pub const FANS_MAX: i64 = 20_000_000;
/// Most bots of one drop.
pub const BOTS_MAX: i64 = 100_000;
/// Most faults printed; a hostile file may have a million.
pub const FAULTS_SHOWN_MAX: usize = 1_000;

/// A second in milliseconds.
pub const SECOND_MS: i64 = 1_000;
/// A minute in milliseconds.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// An hour in milliseconds.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// A day of 24 hours in milliseconds.
pub const DAY_MS: i64 = 24 * HOUR_MS;
