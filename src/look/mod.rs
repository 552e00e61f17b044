//! How a festival looks: its colours made readable, the style every page has, and the files that
//! browsers keep for good, the brand's pictures among them.
//!
//! Promises: whatever colours a file names, letters on and in them can be read (4.5 to 1, by the
//! web's measure); a file's address carries a hash of its bytes, so what is kept is never old.
//!
//! | file | holds |
//! | --- | --- |
//! | `colour` | contrast, and shades that have enough of it |
//! | `shelf` | files by their addresses, as they are and compressed |
//! | `style` | the theme: the brand's colours and logo as custom properties |

mod colour;
mod shelf;
mod style;

pub use shelf::{Asset, Shelf, gzipped};

use crate::festivals::{Festival, PicturePath, Pictures};
use crate::kit::hex;
use std::collections::BTreeMap;

/// Poses of the mascot.
const MASCOT: [(&str, &[u8]); 5] = [
    ("hello", include_bytes!("../../assets/mascot/hello.svg")),
    ("lost", include_bytes!("../../assets/mascot/lost.svg")),
    ("rest", include_bytes!("../../assets/mascot/rest.svg")),
    ("rush", include_bytes!("../../assets/mascot/rush.svg")),
    ("cheer", include_bytes!("../../assets/mascot/cheer.svg")),
];

/// The addresses of everything pages load.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// The files.
    pub shelf: Shelf,
    /// The style.
    pub style: String,
    /// The script of every page.
    pub script: String,
    /// The script of the page that checks receipts.
    pub checker: String,
    /// The live board's style and script.
    pub board: [String; 2],
    /// The icon: the brand's logo, else ours.
    pub icon: String,
    /// What is shown where a page is shared.
    pub share: String,
    /// What stands in for a picture nobody drew.
    pub lantern: String,
    /// Whether the brand has a logo.
    pub has_logo: bool,
    /// The colour browsers take for their own bars, light and dark.
    pub bars: [String; 2],
    pictures: BTreeMap<PicturePath, String>,
    mascot: BTreeMap<&'static str, String>,
}

impl Look {
    /// Of a festival, with the pictures it names.
    pub fn of(festival: &Festival, pictures: &Pictures) -> Self {
        let mut shelf = Shelf::default();
        let brand = festival.brand();
        let logo = brand.logo().and_then(|path| pictures.get(path));
        let theme = style::theme(brand, logo);
        let mut put = |stem: &str, end: &str, bytes: &[u8]| shelf.put(stem, end, bytes.to_vec());
        let mut look = Self {
            style: put("fanfare", "css", theme.css.as_bytes()),
            script: put("fanfare", "js", include_bytes!("../../assets/fanfare.js")),
            checker: put("check", "js", include_bytes!("../../assets/check.js")),
            board: [
                put("board", "css", style::board(brand).as_bytes()),
                put("board", "js", include_bytes!("../../assets/board.js")),
            ],
            icon: put("icon", "svg", include_bytes!("../../assets/icon.svg")),
            share: put("share", "png", include_bytes!("../../assets/share.png")),
            lantern: put("lantern", "svg", include_bytes!("../../assets/lantern.svg")),
            has_logo: logo.is_some(),
            bars: theme.bars,
            ..Self::default()
        };
        look.mascot = MASCOT.map(|(pose, bytes)| (pose, put(pose, "svg", bytes))).into();
        for (path, picture) in pictures.iter() {
            let file = path.as_str().rsplit('/').next().unwrap_or_default();
            let stem = file.split('.').next().unwrap_or("picture");
            let address = shelf.put(stem, &picture.end, picture.bytes.to_vec());
            look.pictures.insert(path.clone(), address);
        }
        let address = |path: Option<&PicturePath>| look.pictures.get(path?).cloned();
        let (icon, share) = (address(brand.logo()), address(brand.picture()));
        look.icon = icon.unwrap_or(look.icon);
        look.share = share.unwrap_or(look.share);
        look.shelf = shelf;
        look
    }

    /// Where a picture is; a drawn lantern's address for one that is not named.
    pub fn picture(&self, path: Option<&PicturePath>) -> String {
        let named = path.and_then(|path| self.pictures.get(path));
        named.unwrap_or(&self.lantern).clone()
    }

    /// Where the mascot in this pose is.
    pub fn mascot(&self, pose: &str) -> String {
        self.mascot.get(pose).cloned().unwrap_or_default()
    }
}

/// What a file is called: its stem, a hash of its bytes, its ending.
fn name_of(stem: &str, end: &str, bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    format!("{stem}-{}.{end}", hex::hex(&Sha256::digest(bytes)[..8]))
}
