//! A visitor's request as pages see it, and the answers they give: who asks, in which language,
//! with which cookies to set.

use super::fault::Fault;
use super::format::Moments;
use super::lang::LANG_COOKIE;
use super::session::{self, Known};
use crate::app::App;
use crate::drops::gate;
use crate::fans::{self, web::Carried};
use crate::kit::problem::Problem;
use crate::kit::token::Session;
use crate::kit::words::Lang;
use crate::kit::words::Words;
use crate::look::gzipped;
use askama::Template;
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// How long a chosen language is remembered, seconds.
const LANG_S: u32 = 365 * 24 * 3600;

/// What every page is sent with. Nothing from elsewhere is loaded, nothing in the page itself
/// runs, and no other site may frame it.
const GUARDS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
         img-src 'self' data:; font-src data:; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::VARY, "Cookie, Accept-Language, Accept-Encoding"),
];

fn guard(headers: &mut HeaderMap) {
    for (name, value) in GUARDS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// With guards, and not to be kept.
pub fn guarded(mut answer: Response) -> Response {
    guard(answer.headers_mut());
    let keep = HeaderValue::from_static("no-store");
    answer.headers_mut().insert(header::CACHE_CONTROL, keep);
    answer
}

/// A page that can be sent.
pub trait Page: Template {
    /// Whether it is the same for every stranger and stays so for a second.
    fn keeps(&self) -> bool {
        false
    }
}

/// A request for a page.
pub struct Visit {
    /// The program.
    pub app: Arc<App>,
    /// What the visitor reads.
    pub words: Words,
    /// The guarded time, ms since 1970.
    pub now_ms: i64,
    /// Who it is, if that is known.
    pub session: Option<Session>,
    /// The number of the account's session; 0 for a guest or a stranger.
    pub number: u64,
    /// The path asked for.
    pub path: String,
    /// What an act before sent the visitor here with.
    pub told: Option<String>,
    /// The page to go back to afterwards, as it was sent.
    pub back: String,
    /// Whether it asks to read, not to act.
    pub reads: bool,
    cookies: Vec<String>,
    gzip: bool,
    address: Option<IpAddr>,
}

/// Whether a browser reads what is compressed with gzip.
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    let all = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut parts = all.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    parts.any(|part| {
        let (name, weight) = part.split_once(';').unwrap_or((part, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight != Some(0.0)
    })
}

/// A path as links may carry it: never one that a browser takes for another site's.
fn ours(path: &str) -> &str {
    let elsewhere = !path.starts_with('/') || path.starts_with("//") || path.contains('\\');
    if elsewhere { "/" } else { path }
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let mut visit = Self::of(parts, app.clone());
        // Counted before an account is looked up: any cookie of that name would ask the database.
        if let Some(session) = visit.session
            && let Err(wait_s) = app.rates.fan(session.fan.get())
        {
            return Err(visit.fault(Fault::too_fast(wait_s)));
        }
        if let Some(carried) = fans::web::carried(app, &parts.headers, visit.now_ms).await {
            visit.carry(carried);
        }
        Ok(visit)
    }
}

impl Visit {
    /// The visit a request is.
    pub fn of(parts: &Parts, app: Arc<App>) -> Self {
        let now_ms = app.now_ms();
        let Known { session, mut cookies } =
            session::known(&app.node.tokens, &parts.headers, now_ms);
        let query = parts.uri.query().unwrap_or_default();
        let asked = |name: &str| {
            query.split('&').filter_map(|pair| pair.split_once('=')).find(|(n, _)| *n == name)
        };
        let chosen = asked("lang").and_then(|(_, tag)| Lang::named(tag));
        if let Some(lang) = chosen {
            cookies.push(session::set(LANG_COOKIE, lang.tag(), LANG_S));
        }
        let lang = chosen.unwrap_or_else(|| Lang::of_request(&parts.headers));
        Self {
            app,
            words: Words(lang),
            now_ms,
            session,
            number: 0,
            path: ours(parts.uri.path()).to_owned(),
            told: asked("told").map(|(_, code)| code.to_owned()),
            back: asked("back").map(|(_, path)| path.to_owned()).unwrap_or_default(),
            reads: parts.method == Method::GET,
            cookies,
            gzip: takes_gzip(&parts.headers),
            address: parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()),
        }
    }

    /// Who asks, or a refusal for who has not entered.
    pub fn fan(&self) -> Result<Session, Problem> {
        self.session.ok_or_else(|| Problem::new("no_session"))
    }

    /// Who asks with an account, or a refusal for everybody else.
    pub fn account(&self) -> Result<Session, Problem> {
        self.session.filter(|_| self.number != 0).ok_or_else(|| Problem::new("no_session"))
    }

    /// Whether a guest asks.
    pub fn is_guest(&self) -> bool {
        let guest = |session: &Session| session.fan.get() >= session::GUESTS_FROM;
        self.number == 0 && self.session.as_ref().is_some_and(guest)
    }

    /// Where the request came from.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Sends a cookie along.
    pub fn set_cookie(&mut self, cookie: String) {
        self.cookies.push(cookie);
    }

    /// Goes by what an account's cookies say; by a guest's where the account's session is over.
    pub fn carry(&mut self, carried: Carried) {
        if let Some((session, number)) = carried.session {
            (self.session, self.number) = (Some(session), number);
            self.cookies.retain(|cookie| cookie.starts_with(LANG_COOKIE));
        }
        self.cookies.extend(carried.cookies);
    }

    /// Moments in the festival's zone and the visitor's language.
    pub fn moments(&self) -> Moments<'_> {
        Moments { words: self.words, zone: self.app.festival.zone(), now_ms: self.now_ms }
    }

    /// Counts a stranger's act against its network's rate. Fans' requests are counted already.
    pub fn count_stranger(&self) -> Result<(), Problem> {
        match (self.session, self.address) {
            (None, Some(address)) => gate::stranger(&self.app, address),
            _ => Ok(()),
        }
    }

    /// The visitor's session; a stranger becomes the guest the form proposed, or a new one.
    pub fn enter(&mut self, proposed: Option<&str>) -> Result<Session, Problem> {
        if let Some(session) = self.session {
            return Ok(session);
        }
        let tokens = &self.app.node.tokens;
        let proposed = proposed.and_then(|token| session::proposed(tokens, token, self.now_ms));
        let guest = proposed.or_else(|| session::new_guest(self.now_ms));
        let guest = guest.ok_or_else(|| Problem::new("busy"))?;
        let Known { session, cookies } = session::entered(tokens, &guest, self.now_ms);
        self.session = session;
        self.cookies.extend(cookies);
        self.fan()
    }

    /// Answers with a page, or with the page that says why not.
    pub fn page<P: Page>(self, made: Result<P, Fault>) -> Response {
        match made {
            Ok(page) => self.html(StatusCode::OK, &page),
            Err(fault) => self.fault(fault),
        }
    }

    /// Answers with a page that asks to wait before the next try.
    pub fn waits<P: Page>(self, wait_s: u32, page: &P) -> Response {
        self.app.metrics.refused("too_fast");
        let mut answer = self.html(StatusCode::TOO_MANY_REQUESTS, page);
        answer.headers_mut().insert(header::RETRY_AFTER, wait_s.into());
        answer
    }

    /// Answers with a page of something that is not to be had now, as this problem says.
    pub fn without<P: Page>(self, problem: &Problem, page: &P) -> Response {
        self.app.metrics.refused(problem.reason);
        let mut answer = self.html(problem.status, page);
        if let Some(wait_s) = problem.retry_after_s {
            answer.headers_mut().insert(header::RETRY_AFTER, wait_s.into());
        }
        answer
    }

    /// Answers with what is wrong, in words.
    pub fn fault(self, fault: Fault) -> Response {
        self.app.metrics.refused(fault.code);
        let (status, wait_s) = (fault.status, fault.retry_after_s);
        let mut answer = self.html(status, &fault.page(&self));
        if let Some(wait_s) = wait_s {
            answer.headers_mut().insert(header::RETRY_AFTER, wait_s.into());
        }
        answer
    }

    /// Sends the visitor on, as a GET.
    pub fn go(self, to: &str) -> Response {
        let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
        let mut answer = StatusCode::SEE_OTHER.into_response();
        answer.headers_mut().insert(header::LOCATION, to);
        self.sent(answer, false)
    }

    fn html<P: Page>(&self, status: StatusCode, page: &P) -> Response {
        let Ok(text) = page.render() else {
            // Its kind, for a path may hold a secret.
            let page = std::any::type_name::<P>();
            tracing::error!(page, "a page cannot be made");
            let broken = Fault::broken().page(self).render().unwrap_or_default();
            let kind = (header::CONTENT_TYPE, "text/html; charset=utf-8");
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            return self.sent((status, [kind], broken).into_response(), false);
        };
        let kind = (header::CONTENT_TYPE, "text/html; charset=utf-8");
        let language = (header::CONTENT_LANGUAGE, self.words.0.tag());
        let packed = self.gzip.then(|| gzipped(text.as_bytes(), Compression::fast())).flatten();
        let mut answer = (status, [kind, language], Body::empty()).into_response();
        if let Some(packed) = packed {
            let gzip = HeaderValue::from_static("gzip");
            answer.headers_mut().insert(header::CONTENT_ENCODING, gzip);
            *answer.body_mut() = Body::from(packed);
        } else {
            *answer.body_mut() = Body::from(text);
        }
        self.sent(answer, page.keeps())
    }

    /// With cookies, guards and how long it may be kept: what is somebody's own, not at all.
    pub fn sent(&self, mut answer: Response, keeps: bool) -> Response {
        let anybodys = keeps && self.session.is_none() && self.cookies.is_empty();
        let keep = if anybodys { "public, max-age=1" } else { "no-store" };
        let headers = answer.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
        guard(headers);
        for cookie in &self.cookies {
            if let Ok(cookie) = HeaderValue::from_str(cookie) {
                headers.append(header::SET_COOKIE, cookie);
            }
        }
        answer
    }
}
