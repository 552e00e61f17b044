//! The keys of `brand`: how a festival looks, and what a good or a drop looks like.

use super::{Key, Section, Shape, default, optional};

/// The key of a picture.
pub(super) const PICTURE: Key = optional("picture", Shape::Picture, "\"pictures/lantern.svg\"")
    .absent("a drawn lantern stands in");

/// `brand` of `[festival]`.
pub(in super::super) static BRAND: Section = Section {
    head: "brand",
    says: "How the festival looks.",
    one_of: &[],
    keys: &[
        default("accent", Shape::Colour, "\"#cf3a16\"", "\"#cf3a16\"").says(
            "The colour of buttons and of what matters now. Where letters in it would be hard to \
             read, pages take a darker or lighter shade of it.",
        ),
        default("glow", Shape::Colour, "\"#ffbf2e\"", "\"#ffbf2e\"")
            .says("The second colour: the ground of pictures and of what is celebrated."),
        optional("logo", Shape::Picture, "\"pictures/logo.svg\"")
            .absent("the name stands alone")
            .says("The brand's sign, square, beside the festival's name; at most 8 KiB."),
        optional("picture", Shape::Picture, "\"pictures/share.png\"")
            .absent("a drawn one of ours")
            .says("What is shown where a page is shared: 1200 × 630 pixels, PNG or JPEG."),
    ],
};
