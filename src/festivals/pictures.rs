//! A festival's pictures, read once at the start: beside its file, or compiled in for the demo.

use super::limits::{LOGO_BYTES_MAX, PICTURE_BYTES_MAX, SHARED_BYTES_MAX};
use super::model::{DropPlan, Festival, Good, PicturePath};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The demo's pictures, drawn for it.
const BUILT_IN: [(&str, &[u8]); 7] = [
    ("demo/logo.svg", include_bytes!("../../festivals/demo/logo.svg")),
    ("demo/share.png", include_bytes!("../../festivals/demo/share.png")),
    ("demo/lamp.svg", include_bytes!("../../festivals/demo/lamp.svg")),
    ("demo/speaker.svg", include_bytes!("../../festivals/demo/speaker.svg")),
    ("demo/power-bank.svg", include_bytes!("../../festivals/demo/power-bank.svg")),
    ("demo/founders-box.svg", include_bytes!("../../festivals/demo/founders-box.svg")),
    ("demo/gadgets.svg", include_bytes!("../../festivals/demo/gadgets.svg")),
];

/// One picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its kind, as the web names it.
    pub media_type: &'static str,
    /// What its name ends in, without the dot.
    pub end: String,
    /// Its bytes.
    pub bytes: Cow<'static, [u8]>,
}

/// Every picture a festival names, by its path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pictures(BTreeMap<PicturePath, Picture>);

impl Pictures {
    /// Reads all of them.
    ///
    /// # Errors
    /// The first that cannot be taken, in words, with what to do.
    pub fn load(festival: &Festival) -> Result<Self, String> {
        let mut all = BTreeMap::new();
        for (path, bytes_max) in named(festival) {
            let whole = || read(festival.folder(), path, bytes_max);
            let bytes = whole().map_err(|why| format!("picture {}: {why}", path.as_str()))?;
            let end = path.as_str().rsplit('.').next().unwrap_or_default().to_owned();
            all.insert(path.clone(), Picture { media_type: path.media_type(), end, bytes });
        }
        Ok(Self(all))
    }

    /// The picture at this path.
    pub fn get(&self, path: &PicturePath) -> Option<&Picture> {
        self.0.get(path)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&PicturePath, &Picture)> {
        self.0.iter()
    }
}

/// What the festival names, with the most bytes each may have.
fn named(festival: &Festival) -> impl Iterator<Item = (&PicturePath, usize)> {
    let brand = festival.brand();
    let logo = brand.logo().map(|path| (path, LOGO_BYTES_MAX));
    let shared = brand.picture().map(|path| (path, SHARED_BYTES_MAX));
    let goods = festival.goods().iter().filter_map(Good::picture);
    let drops = festival.drops().iter().filter_map(DropPlan::picture);
    logo.into_iter().chain(shared).chain(goods.chain(drops).map(|path| (path, PICTURE_BYTES_MAX)))
}

fn read(
    folder: Option<&Path>,
    path: &PicturePath,
    bytes_max: usize,
) -> Result<Cow<'static, [u8]>, String> {
    let Some(folder) = folder else {
        let built_in = BUILT_IN.iter().find(|(name, _)| *name == path.as_str());
        return match built_in {
            Some((_, bytes)) => Ok(Cow::Borrowed(*bytes)),
            None => Err("there is no such picture; write the path of a file".to_owned()),
        };
    };
    let whole = folder.join(path.as_str());
    let bytes = bounded(&whole, bytes_max).map_err(|why| {
        format!("cannot be read ({why}); put it beside the festival file, or take the key out")
    })?;
    if bytes.len() > bytes_max {
        return Err(format!("is larger than {} KiB; make it smaller", bytes_max >> 10));
    }
    Ok(Cow::Owned(bytes))
}

/// At most one byte more than allowed.
fn bounded(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    // Asked before opening: a named pipe would wait for a writer for ever.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::{read, read_file};
    use super::*;

    const DEMO: &str = include_str!("../../festivals/demo.toml");

    #[test]
    fn the_demos_pictures_are_compiled_in_and_beside_its_file() {
        let built_in = Pictures::load(&read("demo.toml", DEMO).unwrap()).unwrap();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("festivals/demo.toml");
        assert_eq!(Pictures::load(&read_file(&file).unwrap()).unwrap(), built_in);
        assert_eq!(built_in.iter().count(), BUILT_IN.len(), "none is unused");
    }

    #[test]
    fn a_picture_that_is_not_there_is_named() {
        let text = DEMO.replace("demo/lamp.svg", "demo/lump.svg");
        let told = Pictures::load(&read("demo.toml", &text).unwrap()).unwrap_err();
        assert!(told.contains("picture demo/lump.svg: there is no such picture"), "{told}");
    }
}
