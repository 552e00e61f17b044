//! What a server says that is still reading its journal: a page for people, a problem for
//! programs, and both are asked to come again. It lives, and is not ready. It needs no node.

use super::assets::file;
use super::fault::{Fault, reads_html};
use super::frame::Frame;
use super::visit::guarded;
use crate::app::Mode;
use crate::festivals::Festival;
use crate::kit::guard;
use crate::kit::problem::Problem;
use crate::kit::serve::{AnyBody, Sent, Service};
use crate::kit::words::Lang;
use crate::kit::words::Words;
use crate::look::Look;
use askama::Template as _;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use axum::response::IntoResponse as _;
use http_body_util::Either;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

/// What whoever watches over the server is told meanwhile.
const OPENING: &str = "opening: the lanes' journal is being read, nothing is sold yet\n";

/// What is known before the node is.
pub struct Starting {
    /// The festival.
    pub festival: Festival,
    /// How it looks.
    pub look: Look,
    /// How the server was started.
    pub mode: Mode,
}

/// One core's copy.
pub struct StartingFront(pub Arc<Starting>);

impl Service for StartingFront {
    type Place = Infallible;
    type Waits = Infallible;

    async fn call(&self, request: Request<Sent>, _: SocketAddr) -> Response<AnyBody> {
        let mut answer = self.0.answer(&request);
        guard::guard(answer.headers_mut());
        // Who comes again finds the server that serves.
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        answer.map(Either::Right)
    }
}

impl Starting {
    fn answer<B>(&self, request: &Request<B>) -> Response<Body> {
        let path = request.uri().path();
        if let Some(name) = path.strip_prefix("/assets/") {
            return file(&self.look, request.headers(), name);
        }
        match path {
            "/healthz" => return "ok\n".into_response(),
            "/readyz" | "/proxyz" => {
                return (StatusCode::SERVICE_UNAVAILABLE, OPENING).into_response();
            }
            _ => {}
        }
        if path.starts_with("/api/") || !reads_html(request.headers()) {
            return Problem::new("busy").into_response();
        }
        let w = Words(Lang::of_request(request.headers()));
        let frame = Frame::bare(w, &self.festival, &self.look, self.mode);
        let page = Fault::starting().on(frame, &self.look, w);
        let kind = (header::CONTENT_TYPE, "text/html; charset=utf-8");
        let again = (header::RETRY_AFTER, "2");
        let text = page.render().unwrap_or_default();
        let answer = (StatusCode::SERVICE_UNAVAILABLE, [kind, again], text).into_response();
        guarded(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::festivals::{EXAMPLE, Pictures, read};

    #[test]
    fn a_starting_server_says_so_to_people_and_programs_and_gives_out_the_style() {
        let festival = read("example.toml", EXAMPLE).unwrap();
        let look = Look::of(&festival, &Pictures::default());
        let style = look.style.clone();
        let starting = Starting { festival, look, mode: Mode::Real };
        let ask = |path: &str, accept: &str| {
            let request = Request::get(path).header(header::ACCEPT, accept);
            let request = request.header(header::ACCEPT_LANGUAGE, "zh-CN").body(()).unwrap();
            starting.answer(&request)
        };
        let page = ask("/drops/lamps", "text/html");
        assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(page.headers()[header::RETRY_AFTER], "2");
        assert!(page.headers().contains_key(header::CONTENT_SECURITY_POLICY));
        assert_eq!(page.headers()[header::CACHE_CONTROL], "no-store");
        let problem = ask("/api/v1/now", "*/*");
        assert_eq!(problem.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(ask("/healthz", "*/*").status(), StatusCode::OK);
        for path in ["/readyz", "/proxyz"] {
            assert_eq!(ask(path, "*/*").status(), StatusCode::SERVICE_UNAVAILABLE);
        }
        assert_eq!(ask(&style, "text/css").status(), StatusCode::OK);
        assert_eq!(ask("/assets/none.css", "text/css").status(), StatusCode::NOT_FOUND);
    }
}
