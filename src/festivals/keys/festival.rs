//! The keys of the file's top level and of `[festival]`.

use super::super::limits;
use super::{BRAND, CROWD, DROP, GOOD, Key, NAME, Section, Shape, default, optional, required};

/// The file itself.
pub(in super::super) static ROOT: Section = Section {
    head: "",
    says: "",
    one_of: &[],
    keys: &[
        required("festival", Shape::Table(&FESTIVAL), "").says("The festival as a whole."),
        required("goods", Shape::Tables { of: &GOOD, max: limits::GOODS_MAX }, "")
            .says("What is given out."),
        required("drops", Shape::Tables { of: &DROP, max: limits::DROPS_MAX }, "")
            .says("When, how and how much of it is given out."),
        CROWD_KEY,
    ],
};

const CROWD_KEY: Key = optional("crowd", Shape::Table(&CROWD), "")
    .absent("every default of `[crowd]` holds")
    .says("The crowd of the rehearsal.");

/// `[festival]`.
static FESTIVAL: Section = Section {
    head: "[festival]",
    says: "The festival as a whole: what it is called, and the zone and currency of all its drops.",
    one_of: &[],
    keys: &[
        required("id", Shape::Id, "\"spring-2026\"")
            .says("Names the festival in addresses and in the journal. Do not change it later."),
        required("name", NAME, "{ zh = \"春日粉丝节\", en = \"Spring fan festival\" }")
            .says("What people call it."),
        required("zone", Shape::Zone, "\"Asia/Shanghai\"")
            .says("The zone in which every time without an offset is read."),
        required("currency", Shape::Currency, "\"CNY\"").says("The currency of every price."),
        optional("brand", Shape::Table(&BRAND), "{ accent = \"#cf3a16\" }")
            .absent("every default of it holds")
            .says("How the festival looks: its colours, logo and picture."),
        optional("url", Shape::Url, "\"https://fans.example\"")
            .absent("previews and reminders name no address")
            .says("Where people reach the festival; for previews of shared pages and reminders."),
        default("demo", Shape::Flag, "false", "true").says(
            "Whether this is a demonstration: its drops may then open every few minutes \
             (`every`) instead of at a date, and payment is only pretended.",
        ),
    ],
};
