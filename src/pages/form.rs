//! Forms as they come in: from our own pages, at most 4 KiB where nothing else is said, in good
//! time, and with no field we did not ask for.

use super::fault::Fault;
use super::origin;
use super::visit::Visit;
use crate::app::App;
use crate::kit::token::Role;
use axum::Form;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::response::Response;
use http_body_util::{BodyExt as _, Limited};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;

/// Most bytes a form may have.
const FORM_BYTES_MAX: usize = 4 * 1024;

/// How long a form may take to arrive.
const FORM_WITHIN: Duration = Duration::from_secs(10);

/// A form one of our pages sent, and who sent it.
pub struct Posted<T, const BYTES_MAX: usize = FORM_BYTES_MAX> {
    /// Who sent it.
    pub visit: Visit,
    /// What it says.
    pub form: T,
}

/// A form that says nothing but that it was sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl<T, const BYTES_MAX: usize> FromRequest<Arc<App>> for Posted<T, BYTES_MAX>
where
    T: DeserializeOwned,
{
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, app).await?;
        if !origin::is_ours(&parts.headers) {
            return Err(visit.fault(Fault::cross_site()));
        }
        if let Err(problem) = visit.count_stranger() {
            return Err(visit.fault(problem.into()));
        }
        // Only hosts have long forms.
        let host = visit.session.is_some_and(|session| session.role >= Role::Host);
        let bytes_max = if host { BYTES_MAX } else { BYTES_MAX.min(FORM_BYTES_MAX) };
        let Some(bytes) = read(body, bytes_max).await else {
            return Err(visit.fault(Fault::bad_form()));
        };
        let request = Request::from_parts(parts, Body::from(bytes));
        match Form::<T>::from_request(request, app).await {
            Ok(Form(form)) => Ok(Self { visit, form }),
            Err(_) => Err(visit.fault(Fault::bad_form())),
        }
    }
}

async fn read(body: Body, bytes_max: usize) -> Option<Bytes> {
    let whole = Limited::new(body, bytes_max).collect();
    let whole = tokio::time::timeout(FORM_WITHIN, whole).await.ok()?.ok()?;
    Some(whole.to_bytes())
}
