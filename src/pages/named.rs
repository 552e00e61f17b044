//! The parts of an address that name something. One that is no text names nothing.

use super::visit::Visit;
use crate::app::App;
use crate::kit::problem::Problem;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::response::Response;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// What the address names.
pub struct Named<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<App>> for Named<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        if let Ok(Path(named)) = Path::from_request_parts(parts, app).await {
            return Ok(Self(named));
        }
        let visit = Visit::from_request_parts(parts, app).await?;
        Err(visit.fault(Problem::new("not_found").into()))
    }
}
