//! The keys of `[[drops]]` and `[[drops.items]]`.

use super::super::limits::{self, DAY_MS, SECOND_MS};
use super::brand::PICTURE;
use super::{DROP_CROWD, NAME, Section, Shape, default, optional, required};

/// `[[drops]]`.
pub(super) static DROP: Section = Section {
    head: "[[drops]]",
    says: "One table a drop. A drop with a date has `opens_at` and either `closes_at` or \
           `open_for`. A drop of a demonstration may have `every` instead: it then opens again \
           and again, counted from the server's start, and its rounds are called `id-1`, `id-2` \
           and so on.",
    one_of: &["opens_at", "every"],
    keys: &[
        required("id", Shape::Id, "\"lantern-noon\"")
            .says("Names the drop in addresses and in the journal; no two drops share one."),
        required("kind", Shape::Word(&["sale"]), "\"sale\"")
            .says("How the drop shares out. `sale`: whoever asks first is served first."),
        required("name", NAME, "{ zh = \"午间开售\", en = \"Noon sale\" }")
            .says("What people call it."),
        optional("opens_at", Shape::Moment, "\"2026-04-08T12:00\"")
            .absent("the drop repeats, see `every`")
            .says("When it opens: in the festival's zone, or with an offset (`+08:00`)."),
        optional("closes_at", Shape::Moment, "\"2026-04-08T22:00\"")
            .absent("see `open_for`")
            .says("When it closes; after `opens_at`. The moment itself is closed."),
        optional(
            "open_for",
            Shape::Span { min_ms: SECOND_MS, max_ms: limits::OPEN_MS_MAX },
            "\"10h\"",
        )
        .absent("see `closes_at`; a drop that repeats stays open until its next round")
        .says("How long it stays open, instead of `closes_at`."),
        optional("every", Shape::Span { min_ms: 10 * SECOND_MS, max_ms: DAY_MS }, "\"6m\"")
            .absent("the drop opens once, see `opens_at`")
            .says("In a demonstration only: the time from one opening to the next."),
        default("first", Shape::Span { min_ms: 0, max_ms: DAY_MS }, "\"1m\"", "\"1m\"")
            .says("With `every`: the time from the server's start to the first opening."),
        default(
            "hold",
            Shape::Span { min_ms: limits::HOLD_MS_MIN, max_ms: limits::HOLD_MS_MAX },
            "\"15m\"",
            "\"15m\"",
        )
        .says("How long a claim is kept for a fan who has not paid yet."),
        default("limit", Shape::Whole { min: 1, max: limits::LIMIT_MAX }, "1", "1")
            .says("How many units one fan may have over all items of the drop."),
        optional("audience", NAME, "{ zh = \"所有人\", en = \"Everyone\" }")
            .absent("nothing is said about it")
            .says("Who the drop is for, as text for people; no rule is made of it."),
        PICTURE
            .absent("the first item's picture")
            .says("What is shown on top of the drop's page; best 4:3."),
        required("items", Shape::Tables { of: &ITEM, max: limits::ITEMS_MAX }, "")
            .says("What it gives out."),
        optional("crowd", Shape::Table(&DROP_CROWD), "{ fans = 5000 }")
            .absent("as in `[crowd]`")
            .says("The crowd of this drop's rehearsal, where it differs."),
    ],
};

/// `[[drops.items]]`.
static ITEM: Section = Section {
    head: "[[drops.items]]",
    says: "One table an item of the drop. A good without variants makes one line of stock, a good \
           with variants one line a variant.",
    one_of: &[],
    keys: &[
        required("good", Shape::Id, "\"lantern\"")
            .says("The id of a good; no two items of a drop share one."),
        required("price", Shape::Amount, "\"79.00\"").says(
            "The price of one unit in the currency's major unit, in quotes, with exactly the \
             currency's decimals. \"0.00\" is a gift.",
        ),
        required("stock", Shape::Units("asks-stock"), "500").says(
            "The units to give out. For a good with variants a table: \
             `stock = { amber = 300, white = 200 }`, with every variant in it.",
        ),
        default("reserve", Shape::Units("asks-reserve"), "0", "5").says(
            "Of the stock, the units kept back for money that arrives after its hold ran out. For \
             a good with variants a table like `stock`; a variant left out keeps none back.",
        ),
        optional("sold_out_s", Shape::Whole { min: 1, max: 366 * DAY_MS / SECOND_MS }, "90")
            .absent("not known")
            .says(
                "For sales of the past: the seconds it really took to sell out. The rehearsal's \
             report shows it beside its own.",
            ),
    ],
};
