//! The keys of `[[goods]]`.

use super::super::limits;
use super::brand::PICTURE;
use super::{NAME, Section, Shape, optional, required};

const TEXT: Shape = Shape::Text { chars_max: limits::TEXT_CHARS_MAX };
const THREE_NO: &str = "why-three-no";

/// `[[goods]]`.
pub(super) static GOOD: Section = Section {
    head: "[[goods]]",
    says: "One table a good. Goods without a named maker, its address and a certificate \
           (三无产品, 'three-no' goods) are refused.",
    one_of: &[],
    keys: &[
        required("id", Shape::Id, "\"lantern\"")
            .says("Names the good in drops and in addresses; no two goods share one."),
        required("name", NAME, "{ zh = \"便携灯\", en = \"Pocket lantern\" }")
            .says("What people call it."),
        required("maker", Shape::Table(&MAKER), "{ name = { … }, address = { … } }")
            .because(THREE_NO)
            .says("Who made it, and where they can be reached."),
        required("certificate", TEXT, "\"CCC 2026010101000001\"")
            .because(THREE_NO)
            .says("What attests its quality, for example the compulsory certification's number."),
        PICTURE.says("What it looks like; best 4:3. At most 64 KiB, like every picture."),
        optional("variants", Shape::Tables { of: &VARIANT, max: limits::VARIANTS_MAX }, "")
            .absent("the good comes in one kind")
            .says("The kinds it comes in, each with stock of its own."),
    ],
};

/// `maker` of a good.
static MAKER: Section = Section {
    head: "maker",
    says: "The maker of a good.",
    one_of: &[],
    keys: &[
        required("name", NAME, "{ zh = \"晨光电器厂\", en = \"Chenguang Appliances\" }")
            .because(THREE_NO)
            .says("The maker's name."),
        required("address", Shape::Table(&ADDRESS), "{ zh = \"杭州市…\", en = \"Hangzhou, …\" }")
            .because(THREE_NO)
            .says("The maker's postal address."),
    ],
};

/// An address in both languages; longer than a name may be.
static ADDRESS: Section = Section {
    head: "address",
    says: "An address in both languages.",
    one_of: &[],
    keys: &[
        required("zh", TEXT, "\"杭州市临平区星桥路 8 号\"")
            .because("why-both")
            .says("In Simplified Chinese."),
        required("en", TEXT, "\"8 Xingqiao Road, Linping, Hangzhou\"")
            .because("why-both")
            .says("In English."),
    ],
};

/// `[[goods.variants]]`.
static VARIANT: Section = Section {
    head: "[[goods.variants]]",
    says: "One table a kind of the good, or an inline list `variants = [{ … }, { … }]`.",
    one_of: &[],
    keys: &[
        required("id", Shape::Id, "\"amber\"")
            .says("Names the variant; no two variants of a good share one."),
        required("name", NAME, "{ zh = \"琥珀色\", en = \"Amber\" }").says("What people call it."),
    ],
};
