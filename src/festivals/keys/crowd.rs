//! The keys of `[crowd]`, and of `crowd` in a drop: the same keys with other absences.

use super::super::limits::{self, DAY_MS, HOUR_MS, SECOND_MS};
use super::{Key, Section, Shape, default};

const SHARE: Shape = Shape::Decimal { max: 1 };
const SHORT: Shape = Shape::Span { min_ms: 1, max_ms: HOUR_MS };

/// `[crowd]`.
pub(in super::super) static CROWD: Section = Section {
    head: "[crowd]",
    says: "The made crowd with which `fanfare rehearse` tries every drop of this file. Shares are \
           numbers from 0 to 1.",
    one_of: &[],
    keys: KEYS,
};

/// `crowd` in a drop.
pub(super) static DROP_CROWD: Section = Section {
    head: "[drops.crowd]",
    says: "The keys of `[crowd]`, for one drop. A key that is not here is as in `[crowd]`.",
    one_of: &[],
    keys: KEYS,
};

const KEYS: &[Key] = &[
    default("fans", Shape::Whole { min: 0, max: limits::FANS_MAX }, "0", "5000")
        .says("Fans a drop; 0: three times the drop's stock."),
    default("arrive_within", SHORT, "\"25s\"", "\"25s\"")
        .says("The time after the opening in which they arrive."),
    default("burst_share", SHARE, "0.14", "0.14")
        .says("The share of them that arrives in the first burst."),
    default("burst_within", SHORT, "\"4s\"", "\"4s\"")
        .says("How long that burst lasts; not longer than `arrive_within`."),
    default("early_reloads_per_fan", Shape::Decimal { max: 100 }, "0.2", "0.2")
        .says("Requests a fan sends, on average, before the opening."),
    default("double_tap_share", SHARE, "0.05", "0.05")
        .says("The share of fans whose claim is sent twice."),
    default("lost_answer_share", SHARE, "0.05", "0.05")
        .says("The share of claims whose answer is lost on the way; the fan asks again."),
    default("keyed_share", SHARE, "0.5", "0.5")
        .says("The share of fans whose claims carry an `Idempotency-Key`."),
    default("unpaid_share", SHARE, "0.2", "0.2")
        .says("The share of holders who never pay; their holds run out."),
    default("release_share", SHARE, "0.01", "0.01")
        .says("The share of holders who give back. With `unpaid_share` at most 1."),
    default(
        "pay_after",
        Shape::Spans { count_min: 2, count_max: 2, min_ms: 0, max_ms: DAY_MS },
        "[\"1s\", \"8s\"]",
        "[\"1s\", \"8s\"]",
    )
    .says("The others pay this long after their claim: the shortest and the longest time."),
    default("asks_again_share", SHARE, "0.05", "0.05")
        .says("The share of the refused who ask again."),
    default(
        "asks_again_after",
        Shape::Spans { count_min: 1, count_max: 16, min_ms: SECOND_MS / 10, max_ms: DAY_MS },
        "[\"1s\", \"3s\", \"10s\", \"20s\"]",
        "[\"1s\", \"3s\", \"10s\", \"20s\"]",
    )
    .says("How long after each refusal they ask again; after the last one they give up."),
    default("bots", Shape::Whole { min: 0, max: limits::BOTS_MAX }, "50", "50")
        .says("Programs that ask as fast as they may, beside the fans."),
    default("bot_rate_per_s", Shape::Decimal { max: 1_000 }, "5", "5")
        .says("Requests a second of one bot."),
];
