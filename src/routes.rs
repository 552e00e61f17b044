//! Every URL of the product, grouped by who calls it.

use crate::app::App;
use crate::drops::desk::Desk;
use crate::drops::web::hot::{Looked, Memo};
use crate::drops::web::{api, describe, host, hot, rehearsal};
use crate::drops::{gate, trail};
use crate::fans::web;
use crate::host::web as hosts;
use crate::kit::guard;
use crate::kit::problem::{Problem, Refused};
use crate::kit::request_id::RequestId;
use crate::kit::serve::{AnyBody, Head, Idle, Lacking, Quick, Reply, Sent, Service};
use crate::pages;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use http_body_util::Either;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use tower::Service as _;
use tracing::{Instrument as _, Span};

/// People: hosts.
fn of_hosts() -> Router<Arc<App>> {
    Router::new()
        .route("/host", get(hosts::day))
        .route("/host/engine", get(hosts::engine))
        .route("/host/apply", get(hosts::apply_page).post(hosts::apply))
        .route("/host/drops/{drop}", get(hosts::drop_page))
        .route("/host/drops/{drop}/closing", get(hosts::closing_page).post(hosts::closing))
        .route("/host/drops/{drop}/crowd", get(hosts::back).post(hosts::crowd))
        .route("/host/drops/{drop}/claims", get(hosts::claims))
        .route("/host/drops/{drop}/claims.csv", get(hosts::claims_csv))
        .route("/host/drops/{drop}/acts/{act}", get(hosts::back_to_drop).post(hosts::act))
}

/// The router behind the hot route.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        // People: anybody.
        .route("/", get(pages::programme))
        .route("/drops/{drop}", get(pages::drop))
        .route("/drops/{drop}/reminder.ics", get(pages::reminder))
        .route("/board", get(pages::board))
        .route("/check", get(pages::check))
        .route("/assets/{file}", get(pages::asset_file))
        // People: fans. A GET of an act leads back to the page with its form.
        .route("/guest", post(pages::enter))
        .route("/drops/{drop}/claims", get(pages::back_to_drop).post(pages::put_claim))
        .route("/me", get(pages::me))
        .route("/claims/{claim}", get(pages::claim))
        .route("/claims/{claim}/receipt", get(pages::receipt))
        .route("/claims/{claim}/settlement", get(pages::back_to_claim).post(pages::settle))
        .route("/claims/{claim}/release", get(pages::back_to_claim).post(pages::release))
        // People: accounts.
        .route("/sign-in", get(web::sign_in_page).post(web::sign_in))
        .route("/sign-up", get(web::sign_up_page).post(web::sign_up))
        .route("/sign-out", get(web::back_to_sessions).post(web::sign_out))
        .route("/me/sessions", get(web::my_sessions))
        .route("/me/sessions/{session}/ending", get(web::back_to_sessions).post(web::end_session))
        .route("/me/password", get(web::password_page).post(web::change_password))
        .route("/host/{secret}", get(web::host_page).post(web::make_host))
        .merge(of_hosts())
        // People: builders, in a demo.
        .route("/dev/pages", get(pages::dev))
        .route("/dev/pages/{page}/{state}", get(pages::dev_sample))
        // Programs: anybody's.
        .route("/api/v1/now", get(api::now))
        .route("/api/v1/festival", get(api::festival))
        .route("/api/v1/openapi.json", get(describe::openapi))
        .route("/api/v1/drops/{drop}", get(api::drop_state))
        .route("/api/v1/drops/{drop}/proof", get(api::drop_proof))
        // Claims are answered in front of the router; here other methods hear of POST.
        .route("/api/v1/drops/{drop}/claims", post(pages::nothing))
        .route("/api/v1/live", get(api::live))
        // Programs: fans'.
        .route("/api/v1/me/claims", get(api::my_claims))
        .route("/api/v1/me/session", post(api::renew))
        .route("/api/v1/claims/{claim}", get(api::claim))
        .route("/api/v1/claims/{claim}/receipt", get(api::receipt))
        .route("/api/v1/claims/{claim}/settlement", post(api::settle))
        .route("/api/v1/claims/{claim}/release", post(api::release))
        // Programs: cashiers'.
        .route("/api/v1/claims/{claim}/return", post(api::take_back))
        // Programs: hosts'.
        .route("/api/v1/drops/{drop}/pause", post(host::pause))
        .route("/api/v1/drops/{drop}/resumption", post(host::resumption))
        .route("/api/v1/drops/{drop}/restock", post(host::restock))
        .route("/api/v1/drops/{drop}/withdrawal", post(host::withdrawal))
        .route("/api/v1/drops/{drop}/closing", post(host::closing))
        // Programs: the rehearsal.
        .route("/api/v1/rehearsal/drops/{drop}", post(rehearsal::turn))
        // Operators.
        .route("/healthz", get(api::healthz))
        .route("/readyz", get(api::readyz))
        .route("/proxyz", get(api::proxyz))
        .route("/metrics", get(api::metrics))
        .fallback(pages::nothing)
        .method_not_allowed_fallback(pages::wrong_method)
        .with_state(app)
}

/// What answers requests on one core: the hot route in front, the router behind it.
pub struct Front {
    app: Arc<App>,
    desk: Desk,
    memo: Memo,
    router: Router,
}

impl Front {
    /// Over this program.
    pub fn new(app: Arc<App>) -> Self {
        Self { router: router(app.clone()), desk: app.node.desk(), memo: Memo::default(), app }
    }
}

impl Service for Front {
    type Place = hot::Place;
    type Waits = (Looked, Option<RequestId>);

    async fn call(&self, request: Request<Sent>, peer: SocketAddr) -> Response<AnyBody> {
        // A crowd's requests have no name unless they came with one, or somebody follows them.
        let name = RequestId::sent(request.headers());
        let mut answer = match name.or_else(|| trail::follows().then(RequestId::made)) {
            None => self.answer::<false>(request, peer).await,
            Some(name) => Box::pin(self.named(name, request, peer)).await,
        };
        guard::guard(answer.headers_mut());
        answer
    }

    fn place(&self, head: &Head<'_>) -> Option<hot::Place> {
        hot::Place::of(head.method, head.target)
    }

    fn quick(
        &self,
        (place, head): (hot::Place, &Head<'_>),
        body: Result<&[u8], Lacking>,
        peer: SocketAddr,
    ) -> Quick<Self::Waits> {
        let name = RequestId::sent(head).or_else(|| trail::follows().then(RequestId::made));
        let looked = || hot::looked((&self.app, &self.memo), (place, head), body, peer);
        let looked = match &name {
            None => looked(),
            Some(name) => span_of(name).in_scope(looked),
        };
        match looked {
            None => Quick::Not,
            Some(Looked::Answered(reply)) => Quick::Now(Reply { id: name, ..reply }),
            Some(looked) => Quick::Later((looked, name)),
        }
    }

    async fn later(&self, (looked, name): Self::Waits) -> Reply {
        let answer = hot::answer(&self.app, &self.desk, looked);
        let Some(name) = name else { return answer.await };
        let reply = Box::pin(answer.instrument(span_of(&name))).await;
        Reply { id: Some(name), ..reply }
    }

    fn idle(&self) -> Option<Arc<dyn Idle>> {
        Some(Arc::new(self.desk.asker()))
    }

    async fn tend(self: Rc<Self>) {
        self.desk.tend().await;
    }
}

impl Front {
    /// Answers under this name, which then stands before all that is logged meanwhile.
    async fn named(
        &self,
        name: RequestId,
        request: Request<Sent>,
        peer: SocketAddr,
    ) -> Response<AnyBody> {
        let mut answer = self.answer::<true>(request, peer).instrument(span_of(&name)).await;
        name.put(answer.headers_mut());
        answer
    }

    // Whatever is no claim is boxed: a request's future is moved with every request, and one that
    // had room for the router would be several times as large. What has a name is answered by code
    // of its own: shared, it would be a call more for each request of a crowd.
    async fn answer<const NAMED: bool>(
        &self,
        mut request: Request<Sent>,
        peer: SocketAddr,
    ) -> Response<AnyBody> {
        if hot::claims_of(request.method(), request.uri().path()).is_some() {
            return hot::claim((&self.app, &self.memo), &self.desk, &mut request, peer)
                .await
                .into();
        }
        let path = request.uri().path();
        let admitted = gate::admit(&self.app, (path, request.headers()), peer);
        if admitted.is_ok()
            && let Some(drop) = hot::state_of(request.method(), request.uri().path())
        {
            return hot::state(&self.app, drop).into();
        }
        if NAMED {
            return Box::pin(self.otherwise(admitted, request, peer)).await;
        }
        let name = RequestId::made();
        let answer = self.otherwise(admitted, request, peer).instrument(span_of(&name));
        let mut answer = Box::pin(answer).await;
        name.put(answer.headers_mut());
        answer
    }

    /// Answers what is neither a claim nor a look at a drop. Pages count their refusals themselves.
    async fn otherwise(
        &self,
        admitted: Result<(), Problem>,
        request: Request<Sent>,
        peer: SocketAddr,
    ) -> Response<AnyBody> {
        let answer = self.routed(admitted, request, peer).await;
        if let Some(Refused(code)) = answer.extensions().get() {
            self.app.metrics.refused(code);
        }
        answer.map(Either::Right)
    }

    async fn routed(
        &self,
        admitted: Result<(), Problem>,
        request: Request<Sent>,
        peer: SocketAddr,
    ) -> Response<Body> {
        let mut request = request.map(Body::new);
        if let Err(problem) = admitted {
            // Boxed: a page's future is many times as large as all the rest of this one.
            return Box::pin(pages::told(&self.app, request, problem)).await;
        }
        let programs = request.uri().path().starts_with("/api/");
        if programs && by_cookie_from_elsewhere(&request) {
            let problem = Problem::new("not_allowed").with("why", "a page of another site asks");
            return problem.into_response();
        }
        request.extensions_mut().insert(ConnectInfo(peer));
        match self.router.clone().call(request).await {
            Ok(response) if programs => worded(response),
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// What stands before each line that is logged about a request, however little is logged.
fn span_of(name: &RequestId) -> Span {
    tracing::error_span!("request", id = %name.text())
}

/// Whether another site's page acts with a cookie it does not have. The claim route needs no such
/// look: it takes JSON only, which browsers let no other site send.
fn by_cookie_from_elsewhere(request: &Request<Body>) -> bool {
    let headers = request.headers();
    let by_cookie = !headers.contains_key(header::AUTHORIZATION);
    by_cookie && !request.method().is_safe() && pages::is_elsewheres(headers)
}

/// What the router refuses by itself, in the form of the API's other refusals.
fn worded(response: Response<Body>) -> Response<Body> {
    let code = match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => "wrong_method",
        // A path that is no text.
        StatusCode::BAD_REQUEST => "not_found",
        _ => return response,
    };
    let mut problem = Problem::new(code).into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        problem.headers_mut().insert(header::ALLOW, allow.clone());
    }
    problem
}
