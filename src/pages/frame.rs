//! What every page has around its own part: languages, navigation, the banner, the clock, what
//! is shown of it where it is shared.

use super::visit::Visit;
use crate::app::Mode;
use crate::festivals::Festival;
use crate::kit::token::Role;
use crate::kit::words::{Key, Words};
use crate::look::Look;

/// Without a script a page that waits is asked for again at least this often, seconds.
const REFRESH_S_MAX: i64 = 3_600;

/// Where the files are that every page loads.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The style.
    pub style: String,
    /// The script.
    pub script: String,
    /// The icon.
    pub icon: String,
    /// What is shown where the page is shared; with the host where that is known.
    pub share: String,
    /// The lost, resting, running, cheering, greeting mascot: the page's own pose.
    pub mascot: String,
    /// Whether the style has a logo.
    pub has_logo: bool,
    /// The colours of browsers' bars, light and dark.
    pub bars: [String; 2],
}

/// What is around a page.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Says what the page says.
    pub w: Words,
    /// The page's title and only `h1`.
    pub title: String,
    /// A sentence about it, for search and sharing.
    pub description: String,
    /// The festival's name.
    pub festival: String,
    /// The address of this page, for the language link.
    pub here: String,
    /// Scheme and host people reach the festival by; empty where no file says so.
    pub site: String,
    /// The server's time when the page was made, ms since 1970.
    pub now_ms: i64,
    /// What a demo or a rehearsal says on every page.
    pub banner: Option<String>,
    /// Without a script, when to ask for the page again: seconds.
    pub refresh_s: Option<i64>,
    /// Whether the visitor has a session.
    pub entered: bool,
    /// Whether the visitor is a host.
    pub hosts: bool,
    /// Whether the visitor is signed in to an account.
    pub account: bool,
    /// Style, script, pictures.
    pub files: Files,
}

impl Frame {
    /// Around a page with this title.
    pub fn new(visit: &Visit, title: String) -> Self {
        let app = &visit.app;
        Self {
            title,
            here: visit.path.clone(),
            now_ms: visit.now_ms,
            entered: visit.session.is_some(),
            hosts: visit.session.is_some_and(|session| session.role >= Role::Host),
            account: visit.number != 0,
            ..Self::bare(visit.words, &app.festival, &app.look, app.mode)
        }
    }

    /// Around a page nobody in particular asked for.
    pub fn bare(w: Words, festival: &Festival, look: &Look, mode: Mode) -> Self {
        let name = w.0.of(festival.names()).to_owned();
        let site = festival.url().map(|url| url.as_str().to_owned()).unwrap_or_default();
        Self {
            w,
            title: String::new(),
            description: w.with("about", &[("festival", &name)]),
            festival: name,
            here: "/".to_owned(),
            now_ms: 0,
            banner: banner(mode).map(|key| w.key(key)),
            refresh_s: None,
            entered: false,
            hosts: false,
            account: false,
            files: Files::of(look, &site),
            site,
        }
    }

    /// With the mascot in this pose.
    pub fn posed(&mut self, look: &Look, pose: &str) {
        self.files.mascot = look.mascot(pose);
    }

    /// Asks for the page again just after a moment, where no script does it.
    pub fn refresh_at(&mut self, at_ms: i64) {
        let wait_s = ((at_ms - self.now_ms).max(0) + 999) / 1_000 + 1;
        self.refresh_s = Some(self.refresh_s.unwrap_or(REFRESH_S_MAX).min(wait_s));
    }

    /// The page answers a form: its language links lead to where the form stood.
    pub fn lead_back(&mut self) {
        for act in ["/claims", "/settlement", "/release", "/receipt"] {
            if let Some(page) = self.here.strip_suffix(act).filter(|page| !page.is_empty()) {
                self.here = page.to_owned();
                return;
            }
        }
        if self.here == "/guest" {
            "/".clone_into(&mut self.here);
        }
    }
}

impl Files {
    fn of(look: &Look, site: &str) -> Self {
        Self {
            style: look.style.clone(),
            script: look.script.clone(),
            icon: look.icon.clone(),
            share: format!("{site}{}", look.share),
            mascot: look.mascot("hello"),
            has_logo: look.has_logo,
            bars: look.bars.clone(),
        }
    }
}

fn banner(mode: Mode) -> Option<Key> {
    match mode {
        Mode::Real => None,
        Mode::Demo => Some(Key("banner-demo")),
        Mode::Rehearsal => Some(Key("banner-rehearsal")),
    }
}

#[cfg(test)]
impl Frame {
    /// A page's surroundings.
    pub fn sample(lang: crate::kit::words::Lang) -> Self {
        let w = Words(lang);
        Self {
            w,
            title: w.t("nav-programme"),
            description: w.with("about", &[("festival", "Fans")]),
            festival: "Lumen".to_owned(),
            here: "/drops/phone".to_owned(),
            site: String::new(),
            now_ms: 1_795_000_000_000,
            banner: banner(Mode::Demo).map(|key| w.key(key)),
            refresh_s: Some(31),
            entered: false,
            hosts: false,
            account: false,
            files: Files::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::words::Lang;

    #[test]
    fn a_waiting_page_comes_back_just_after_its_moment() {
        let mut frame = Frame { refresh_s: None, ..Frame::sample(Lang::En) };
        frame.refresh_at(frame.now_ms + 10 * 86_400_000);
        assert_eq!(frame.refresh_s, Some(3_600));
        frame.refresh_at(frame.now_ms + 2_001);
        assert_eq!(frame.refresh_s, Some(4));
        frame.refresh_at(frame.now_ms + 60_000);
        assert_eq!(frame.refresh_s, Some(4));
    }

    #[test]
    fn language_links_never_lead_to_a_form() {
        let led = |here: &str| {
            let mut frame = Frame { here: here.to_owned(), ..Frame::sample(Lang::En) };
            frame.lead_back();
            frame.here
        };
        assert_eq!(led("/drops/a/claims"), "/drops/a");
        assert_eq!(led("/claims/1-2-3/release"), "/claims/1-2-3");
        assert_eq!(led("/guest"), "/");
        assert_eq!(led("/nowhere"), "/nowhere");
    }
}
