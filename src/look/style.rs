//! The theme in front of the style: a brand's colours as custom properties, each in a shade that
//! can be read, for light and dark; the display letters and the logo within, so that a page needs
//! no request of its own for them.

use super::colour::{self, css, letters, mix, readable};
use crate::festivals::{Brand, Colour, Picture};
use base64_simd::STANDARD;

const STYLE: [&str; 4] = [
    include_str!("../../assets/fanfare.css"),
    include_str!("../../assets/parts.css"),
    include_str!("../../assets/pages.css"),
    include_str!("../../assets/people.css"),
];
const DISPLAY: &[u8] = include_bytes!("../../assets/fonts/bricolage-800.woff2");

const WHITE: Colour = Colour([255, 255, 255]);
const INK: Colour = Colour([0x2a, 0x12, 0x38]);

/// A scheme: what letters stand on, and whether they get lighter or darker to be read.
struct Scheme {
    paper: Colour,
    sheet: Colour,
    lighter: bool,
    wash_share: f64,
}

const LIGHT: Scheme =
    Scheme { paper: Colour([0xff, 0xf8, 0xee]), sheet: WHITE, lighter: false, wash_share: 0.1 };
const DARK: Scheme = Scheme {
    paper: Colour([0x18, 0x0e, 0x20]),
    sheet: Colour([0x24, 0x18, 0x2e]),
    lighter: true,
    wash_share: 0.16,
};

/// Darker than dark pages: a screen in a hall.
const STAGE: Scheme = Scheme {
    paper: Colour([0x0f, 0x07, 0x16]),
    sheet: Colour([0x1b, 0x10, 0x24]),
    lighter: true,
    wash_share: 0.2,
};

/// On paper everything is black on white, whatever scheme the screen has.
const PAPER: &str = "--paper:#fff;--sheet:#fff;--accent:#000;--on-accent:#fff;--wash:#fff;\
                     --glow:#fff;--on-glow:#000;--glow-wash:#fff;";

/// The whole style, and the colours of browsers' bars.
pub struct Theme {
    /// The style.
    pub css: String,
    /// Light and dark.
    pub bars: [String; 2],
}

/// The style of a brand.
pub fn theme(brand: &Brand, logo: Option<&Picture>) -> Theme {
    let data = |kind: &str, bytes: &[u8]| {
        format!("data:{kind};base64,{}", STANDARD.encode_to_string(bytes))
    };
    let logo = logo.map(|logo| format!("--logo:url({});", data(logo.media_type, &logo.bytes)));
    let font = data("font/woff2", DISPLAY);
    let css = format!(
        "@font-face{{font-family:\"Fanfare Display\";font-weight:800;src:url({font})}}\n\
         :root{{{}{}}}\n@media(prefers-color-scheme:dark){{:root{{{}}}}}\n\
         @media print{{:root{{{PAPER}}}}}\n{}",
        logo.unwrap_or_default(),
        properties(brand, &LIGHT),
        properties(brand, &DARK),
        STYLE.concat(),
    );
    Theme { css, bars: [brand.glow(), DARK.paper].map(colour::css) }
}

/// The live board's style: a dark stage in the brand's colours, whatever scheme the screen has.
pub fn board(brand: &Brand) -> String {
    let stage = properties(brand, &STAGE);
    format!("html:has(.board){{{stage}}}\n{}", include_str!("../../assets/board.css"))
}

fn properties(brand: &Brand, scheme: &Scheme) -> String {
    let Scheme { paper, sheet, lighter, wash_share } = *scheme;
    let wash = mix(brand.accent(), sheet, wash_share);
    let accent = readable(brand.accent(), &[paper, sheet, wash], lighter);
    let glow = brand.glow();
    let glow_wash = mix(glow, sheet, 0.22);
    let all = [
        ("paper", paper),
        ("sheet", sheet),
        ("accent", accent),
        ("on-accent", letters(accent, [WHITE, INK])),
        ("wash", wash),
        ("glow", glow),
        ("on-glow", letters(glow, [INK, WHITE])),
        ("glow-wash", glow_wash),
    ];
    all.map(|(name, colour)| format!("--{name}:{};", css(colour))).concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::festivals::{EXAMPLE, read};
    use crate::look::colour::{READABLE, contrast};

    fn property(css: &str, name: &str) -> Colour {
        let (_, rest) = css.split_once(&format!("--{name}:")).unwrap();
        Colour::new(rest.split(';').next().unwrap()).unwrap()
    }

    #[test]
    fn whatever_colour_a_brand_has_its_letters_can_be_read() {
        for accent in ["#cf3a16", "#ffff00", "#ffffff", "#000000", "#00ff88", "#7777ff"] {
            let text = EXAMPLE
                .replace("currency =", &format!("brand = {{ accent = \"{accent}\" }}\ncurrency ="));
            let festival = read("x.toml", &text).unwrap();
            for scheme in [&LIGHT, &DARK, &STAGE] {
                let css = properties(festival.brand(), scheme);
                let of = |name: &str| property(&css, name);
                for ground in ["paper", "sheet", "wash"] {
                    assert!(contrast(of("accent"), of(ground)) >= READABLE, "{accent} {ground}");
                }
                assert!(contrast(of("on-accent"), of("accent")) >= READABLE, "{accent}");
                assert!(contrast(of("on-glow"), of("glow")) >= READABLE, "{accent}");
            }
        }
    }
}
