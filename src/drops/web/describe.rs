//! The API's description, made from the handlers.

use super::{api, host, rehearsal};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(title = "Fanfare", version = "1", description = "Scarce things, given out once."),
    paths(
        api::now,
        api::festival,
        api::drop_state,
        api::drop_proof,
        api::claims_described,
        api::claim,
        api::my_claims,
        api::renew,
        api::receipt,
        api::settle,
        api::release,
        api::take_back,
        api::live,
        host::pause,
        host::resumption,
        host::restock,
        host::withdrawal,
        host::closing,
        rehearsal::turn,
    )
)]
struct Description;

/// The description.
pub async fn openapi() -> Response {
    let text = Description::openapi().to_json().unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}
