//! `/host/drops/{drop}/claims.csv`: the same list as a file, sent as it is read.

use super::claims::{AskedFor, search};
use super::of_host;
use crate::app::App;
use crate::drops::drop::Drop;
use crate::drops::gate;
use crate::host::actions;
use crate::host::crowd::is_made;
use crate::host::model::{Row, Search, cell};
use crate::kit::problem::Problem;
use crate::pages::{Fault, Named, Visit};
use axum::body::Body;
use axum::extract::Query;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, Stream};
use std::sync::Arc;

/// Claims that are read at one time.
const PART: u32 = 1_000;

const HEAD: &str =
    "claim,number,fan,name,made_up,item,variant,quantity,state,made_at,changed_at\r\n";

/// `GET /host/drops/{drop}/claims.csv`.
pub async fn claims_csv(visit: Visit, Named(id): Named<String>, asked: AskedFor) -> Response {
    let (visit, _) = match of_host(visit) {
        Ok(host) => host,
        Err(answer) => return *answer,
    };
    let Ok(Query(asked)) = asked else { return visit.fault(Fault::bad_form()) };
    let looked = match gate::drop_named(&visit.app, &id) {
        Ok(drop) => search(&visit, &asked).await.map(|search| (drop, search)),
        Err(problem) => Err(problem.into()),
    };
    match looked {
        Ok((drop, Ok(search))) => {
            let name = format!("attachment; filename=\"claims-{}.csv\"", drop.spec.id);
            let kinds = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
                (header::CONTENT_DISPOSITION, name),
            ];
            let body = Body::from_stream(written(visit.app.clone(), drop, search));
            visit.sent((kinds, body).into_response(), false)
        }
        Ok((_, Err(_))) => visit.fault(Fault::bad_form()),
        Err(fault) => visit.fault(fault),
    }
}

/// The file part by part: the next is read when this one has been sent.
fn written(
    app: Arc<App>,
    drop: Arc<Drop>,
    search: Search,
) -> impl Stream<Item = Result<String, std::io::Error>> {
    let stopped = |problem: Problem| std::io::Error::other(problem.title);
    stream::try_unfold(Some(0), move |after: Option<u32>| {
        let (app, drop, search) = (app.clone(), drop.clone(), search.clone());
        async move {
            let Some(after) = after else { return Ok(None) };
            let rows = actions::claims(&app, drop.lane, search, (after, PART)).await;
            let rows = rows.map_err(stopped)?;
            // Spreadsheets know by this mark that the text is UTF-8.
            let head = if after == 0 { format!("\u{feff}{HEAD}") } else { String::new() };
            let next = rows.last().map(|row| row.number).filter(|_| rows.len() == PART as usize);
            let text = rows.iter().fold(head, |text, row| text + &line(&drop, row));
            Ok(Some((text, next)))
        }
    })
}

fn line(drop: &Drop, row: &Row) -> String {
    let moment =
        |ms| jiff::Timestamp::from_millisecond(ms).map_or(String::new(), |at| at.to_string());
    let name = drop.spec.lines.get(usize::from(row.line));
    let (seq, place) = row.place;
    let cells = [
        format!("{}-{seq}-{place}", drop.lane),
        row.number.to_string(),
        row.fan.to_string(),
        row.name.clone().unwrap_or_default(),
        if is_made(row.fan) { "yes" } else { "no" }.to_owned(),
        name.map(|name| name.item.clone()).unwrap_or_default(),
        name.and_then(|name| name.variant.clone()).unwrap_or_default(),
        row.quantity.to_string(),
        row.state.clone(),
        moment(row.made_at_ms),
        moment(row.changed_at_ms),
    ];
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    cells.join(",") + "\r\n"
}
