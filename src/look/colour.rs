//! Contrast by the web's measure, and shades that have enough of it.
//! Source: WCAG 2.2, relative luminance and contrast ratio.

use crate::festivals::Colour;

/// What letters need against their ground.
pub const READABLE: f64 = 4.5;

fn linear(part: u8) -> f64 {
    let part = f64::from(part) / 255.0;
    if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
}

fn luminance(Colour([red, green, blue]): Colour) -> f64 {
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/// From 1 to 21.
pub fn contrast(one: Colour, other: Colour) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// So much of the first, the rest of the second.
pub fn mix(one: Colour, other: Colour, share: f64) -> Colour {
    let part = |at: usize| {
        let mixed = f64::from(one.0[at]) * share + f64::from(other.0[at]) * (1.0 - share);
        mixed.round().clamp(0.0, 255.0) as u8
    };
    Colour([part(0), part(1), part(2)])
}

/// The colour itself if it can be read on all of these grounds, else the nearest of its shades
/// that can, lighter or darker, of the same hue.
pub fn readable(colour: Colour, grounds: &[Colour], lighter: bool) -> Colour {
    let (hue, lightness) = apart(colour);
    let end = if lighter { 1.0 } else { 0.0 };
    let at = |step: i32| lightness + (end - lightness) * f64::from(step) / 60.0;
    let mut shades = std::iter::once(colour).chain((1..=60).map(|step| lit(hue, at(step))));
    let fits = |shade: &Colour| grounds.iter().all(|ground| contrast(*shade, *ground) >= READABLE);
    shades.find(fits).unwrap_or(Colour([if lighter { 255 } else { 0 }; 3]))
}

/// A colour's hue, how far each part lies from its lightness in the room there is; and its
/// lightness, 0 to 1: what the web calls HSL.
fn apart(Colour(parts): Colour) -> ([f64; 3], f64) {
    let parts = parts.map(|part| f64::from(part) / 255.0);
    let most = parts.into_iter().fold(0.0, f64::max);
    let lightness = f64::midpoint(most, parts.into_iter().fold(1.0, f64::min));
    match room(lightness) {
        room if room < 1e-6 => ([0.0; 3], lightness),
        room => (parts.map(|part| (part - lightness) / room), lightness),
    }
}

fn room(lightness: f64) -> f64 {
    1.0 - (2.0 * lightness - 1.0).abs()
}

fn lit(hue: [f64; 3], lightness: f64) -> Colour {
    let part = |from: f64| ((lightness + from * room(lightness)) * 255.0).round();
    Colour(hue.map(|from| part(from).clamp(0.0, 255.0) as u8))
}

/// Letters on a ground: the first of these that can be read on it, else white or black, one of
/// which always can.
pub fn letters(ground: Colour, liked: [Colour; 2]) -> Colour {
    let always = [Colour([255; 3]), Colour([0; 3])];
    let fits = |letters: &Colour| contrast(ground, *letters) >= READABLE;
    liked.into_iter().chain(always).find(fits).unwrap_or(always[1])
}

/// `#rrggbb`.
pub fn css(Colour([red, green, blue]): Colour) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHITE: Colour = Colour([255, 255, 255]);
    const BLACK: Colour = Colour([0, 0, 0]);

    #[test]
    fn contrast_is_the_webs() {
        assert!((contrast(WHITE, BLACK) - 21.0).abs() < 1e-9);
        let grey = Colour([0x76, 0x76, 0x76]);
        assert!((contrast(WHITE, grey) - 4.54).abs() < 0.01);
    }

    #[test]
    fn any_colour_has_a_shade_that_can_be_read() {
        for red in (0..=255).step_by(51) {
            for green in (0..=255).step_by(51) {
                for blue in (0..=255).step_by(51) {
                    let colour = Colour([red, green, blue]);
                    let dark = readable(colour, &[WHITE], false);
                    assert!(contrast(dark, WHITE) >= READABLE, "{}", css(colour));
                    assert!(contrast(letters(colour, [WHITE, WHITE]), colour) >= READABLE);
                }
            }
        }
    }
}
