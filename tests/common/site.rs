//! A node on a folder of its own, and a browser without scripts that walks its pages.

use super::{festival, node};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use fanfare::app::{App, Mode};
use fanfare::kit::clock::Clock;
use fanfare::kit::data::DataFolder;
use fanfare::kit::scratch::Scratch;
use fanfare::routes;
use http_body_util::BodyExt as _;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tower::ServiceExt as _;

/// 2026-11-21, noon in Beijing.
pub const OPENS_MS: i64 = 1_795_233_600_000;

/// A festival with hostile names: one drop of two variants, one of a single item, limit 3.
pub const FESTIVAL: &str = r#"
[festival]
id = "hostile"
name = { zh = "<b>粉丝节</b>", en = "<b>Fans</b> & \"friends\"" }
zone = "Asia/Shanghai"
currency = "CNY"

[[goods]]
id = "lamp"
name = { zh = "<script>alert(1)</script>灯", en = "<script>alert(1)</script>lamp" }
maker.name = { zh = "厂家", en = "Maker\"><img src=x onerror=alert(1)>" }
maker.address = { zh = "杭州", en = "'Hangzhou'" }
certificate = "CCC & 1"

[[goods.variants]]
id = "red"
name = { zh = "红", en = "Red" }

[[goods.variants]]
id = "blue"
name = { zh = "蓝", en = "Blue" }

[[goods]]
id = "box"
name = { zh = "礼盒", en = "Box" }
maker.name = { zh = "厂家", en = "Maker" }
maker.address = { zh = "杭州", en = "Hangzhou" }
certificate = "CCC 2"

[[drops]]
id = "lamps"
kind = "sale"
name = { zh = "灯", en = "Lamps" }
opens_at = 2026-11-21T12:00
open_for = "1h"
hold = "2m"
limit = 1
[[drops.items]]
good = "lamp"
price = "1299.00"
stock = { red = 1, blue = 2 }

[[drops]]
id = "boxes"
kind = "sale"
name = { zh = "礼盒", en = "Boxes" }
opens_at = 2026-11-21T12:00
open_for = "1h"
hold = "2m"
limit = 3
[[drops.items]]
good = "box"
price = "5.00"
stock = 10
"#;

/// A running site.
pub struct Site {
    pub app: Arc<App>,
    pub scratch: Scratch,
}

impl Site {
    /// Serves a festival at this moment.
    pub fn start(mode: Mode, text: &str, now_ms: i64) -> Self {
        let scratch = Scratch::new(None, "pages").unwrap();
        let festival = festival::read(text);
        let id = festival.id().as_str();
        let folder = DataFolder::serve(scratch.path(), id, mode == Mode::Rehearsal).unwrap();
        let now_ms = if festival.is_demo() { folder.made_at_ms() + now_ms } else { now_ms };
        let node = node::on(folder, &festival, Clock::standing_at(now_ms)).unwrap();
        Self { app: App::new(node, festival, mode), scratch }
    }

    /// Turns the clock forward and lets the lanes do what is due.
    pub fn turn_to(&self, now_ms: i64) {
        self.app.node.clock.turn_to(now_ms);
        self.app.node.quiet();
    }

    /// A browser that nobody knows.
    pub fn browser(&self) -> Browser {
        Browser { app: self.app.clone(), cookies: BTreeMap::new(), languages: "en".to_owned() }
    }

    pub fn data(&self) -> &Path {
        self.scratch.path()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.app.node.stop();
    }
}

/// An answer, read whole.
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Page {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The value of the first field of this name.
    pub fn field(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.text.split_once(&format!("name=\"{name}\" value=\""))?;
        rest.split('"').next()
    }

    /// Whether the page has exactly this text.
    pub fn says(&self, text: &str) -> bool {
        self.text.contains(text)
    }
}

/// A browser without scripts: keeps cookies, follows nothing by itself.
#[derive(Clone)]
pub struct Browser {
    app: Arc<App>,
    pub cookies: BTreeMap<String, String>,
    pub languages: String,
}

impl Browser {
    pub async fn get(&mut self, path: &str) -> Page {
        let request = Request::get(path).header(header::ACCEPT, "text/html");
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Asks with any method, without a form.
    pub async fn send_as(&mut self, method: &str, path: &str) -> Page {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::ACCEPT, "text/html");
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form as our own pages do.
    pub async fn post(&mut self, path: &str, form: &str) -> Page {
        self.post_with(path, form, &[("sec-fetch-site", "same-origin")]).await
    }

    pub async fn post_with(&mut self, path: &str, form: &str, headers: &[(&str, &str)]) -> Page {
        let mut request = Request::post(path)
            .header(header::HOST, "fans.example")
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// Fills in the drop's form and sends it; goes where the answer leads.
    pub async fn claim(&mut self, drop: &str, line: &str) -> Page {
        let page = self.get(&format!("/drops/{drop}")).await;
        let mut form = format!("line={line}&key={}", page.field("key").unwrap());
        if let Some(guest) = page.field("guest") {
            let _ = write!(form, "&guest={guest}");
        }
        let sent = self.post(&format!("/drops/{drop}/claims"), &form).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
        self.get(sent.header("location")).await
    }

    async fn send(&mut self, mut request: Request<Body>) -> Page {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let headers = request.headers_mut();
        headers.insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        headers.insert(header::ACCEPT_LANGUAGE, self.languages.parse().unwrap());
        let peer: SocketAddr = "192.0.2.7:4000".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = routes::router(self.app.clone()).oneshot(request).await.unwrap();
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            assert!(text.contains("HttpOnly") && text.contains("SameSite=Lax"), "{text}");
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let (status, headers) = (answer.status(), answer.headers().clone());
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        Page { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }
}
