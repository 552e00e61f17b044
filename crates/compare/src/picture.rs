//! How all pictures look. Each brings its own ground, so that it is read on a light page and a dark
//! one, and its words are text.

/// Their width, pixels.
pub const WIDTH: u32 = 860;

/// Colours of a light page and of a dark one. The contrast of every text is at least 4.5.
const STYLE: &str = "\
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.ground { fill: #ffffff }
.grid { stroke: #d0d7de }
.scale { fill: #57606a }
.full { fill: #0a6cc2 }
.hatched { fill: url(#hatched) }
.empty, .line { fill: none }
.hatched, .empty, .hatch { stroke: #9a5b00 }
.empty { stroke-dasharray: 4 3 }
.line, .range { stroke: #0a6cc2; stroke-width: 2 }
.range { stroke-width: 1 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.ground { fill: #0d1117 }
.grid { stroke: #30363d }
.scale { fill: #9da7b3 }
.full { fill: #4a9eea }
.hatched, .empty, .hatch { stroke: #e3a04f }
.line, .range { stroke: #4a9eea }
}";

/// What fills a bar that is hatched.
const HATCHED: &str = "<defs><pattern id=\"hatched\" width=\"6\" height=\"6\" \
    patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
    <path class=\"hatch\" d=\"M0 0V6\" stroke-width=\"3\"/></pattern></defs>\n";

/// A picture of this height around what is drawn; `spoken` is for whoever hears it.
pub fn around(height: u32, title: &str, spoken: &str, drawn: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-label=\"{spoken}\">\n\
         <style>\n{STYLE}\n</style>\n{HATCHED}\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\n\
         <text class=\"title\" x=\"16\" y=\"30\">{title}</text>\n{drawn}</svg>\n"
    )
}

/// Text, with more attributes if there are any.
pub fn text(how: &str, x: u32, y: u32, what: &str) -> String {
    let space = if how.is_empty() { "" } else { " " };
    format!("<text{space}{how} x=\"{x}\" y=\"{y}\">{what}</text>\n")
}

/// A word of a scale, written around this place, or up to it, or from it on.
pub fn scale(anchor: &str, x: u32, y: u32, what: &str) -> String {
    text(&format!("class=\"scale\" text-anchor=\"{anchor}\""), x, y, what)
}

/// A bar: `full`, `hatched` or `empty`.
pub fn bar(look: &str, x: u32, y: u32, width: u32, height: u32) -> String {
    format!("<rect class=\"{look}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>\n")
}
