//! Bodies read at the edge: bounded, timed, and checked into types that cannot be wrong.

use crate::kit::problem::Problem;
use crate::kit::serve::{Fields, Lacking};
use axum::body::Bytes;
use axum::http::header;
use bytes::BytesMut;
use http_body::Frame;
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// Most bytes a body may have.
pub const BODY_BYTES_MAX: usize = 16 * 1024;

/// How long a body may take to arrive.
pub const BODY_WITHIN: Duration = Duration::from_secs(10);

/// What a claim's body says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimBody<'a> {
    /// The item's id.
    #[serde(borrow)]
    pub item: Cow<'a, str>,
    /// The variant's id, where the item has variants.
    #[serde(borrow, default)]
    pub variant: Option<Cow<'a, str>>,
    /// How many; 1 if not said.
    #[serde(default)]
    pub quantity: Units,
    /// The pass, where the drop asks for one.
    #[serde(borrow, default)]
    pub pass: Option<Cow<'a, str>>,
}

/// What a host's act says.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActBody {
    /// Why; others read it later.
    pub why: String,
    /// The item, for restock and withdrawal.
    #[serde(default)]
    pub item: Option<String>,
    /// The variant, where the item has variants.
    #[serde(default)]
    pub variant: Option<String>,
    /// How many units, for restock and withdrawal.
    #[serde(default)]
    #[schema(value_type = u32)]
    pub units: Units,
}

/// A whole number as it was sent, or something else that stands in its place. Whoever reads the
/// field says what is possible there, so that a fan is told, not a parser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Units {
    /// Left out.
    #[default]
    Absent,
    /// A whole number from 0 on.
    Whole(u64),
    /// Below zero, with a fraction, too large, or no number.
    Other,
}

impl<'de> Deserialize<'de> for Units {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Units;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }
            fn visit_u64<E>(self, value: u64) -> Result<Units, E> {
                Ok(Units::Whole(value))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Units, E> {
                Ok(Units::Other)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Units, E> {
                Ok(Units::Other)
            }
            fn visit_str<E>(self, _: &str) -> Result<Units, E> {
                Ok(Units::Other)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Units, E> {
                Ok(Units::Other)
            }
            fn visit_unit<E>(self) -> Result<Units, E> {
                Ok(Units::Absent)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Reads a body whole.
///
/// # Errors
/// If it is too large, too slow, or cut off.
pub async fn read_whole<B>(mut body: B) -> Result<Bytes, Problem>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    if body.size_hint().lower() > BODY_BYTES_MAX as u64 {
        return Err(too_large());
    }
    // A claim's body nearly always comes along with its head: then it is there at the first look,
    // in one piece, and neither a timer nor a copy is needed.
    let first = poll_fn(|cx| Poll::Ready(Pin::new(&mut body).poll_frame(cx))).await;
    match first {
        Poll::Ready(Some(Ok(frame))) if frame.is_data() && body.is_end_stream() => {
            let whole = frame.into_data().unwrap_or_default();
            if whole.len() > BODY_BYTES_MAX { Err(too_large()) } else { Ok(whole) }
        }
        // Boxed, for every request's future would otherwise be as large as this one's.
        first => Box::pin(read_on(first, body)).await,
    }
}

/// Reads what came at the first look, and what comes after it in time.
async fn read_on<B>(
    first: Poll<Option<Result<Frame<Bytes>, B::Error>>>,
    mut body: B,
) -> Result<Bytes, Problem>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let mut whole = BytesMut::new();
    let reading = async {
        let mut next = match first {
            Poll::Ready(first) => first,
            Poll::Pending => body.frame().await,
        };
        while let Some(frame) = next {
            let frame = frame.map_err(|_| lacking(Lacking::CutOff))?;
            let part = frame.into_data().unwrap_or_default();
            if whole.len() + part.len() > BODY_BYTES_MAX {
                return Err(too_large());
            }
            whole.extend_from_slice(&part);
            next = body.frame().await;
        }
        Ok(whole.freeze())
    };
    let late = |_| lacking(Lacking::Late);
    tokio::time::timeout(BODY_WITHIN, reading).await.map_err(late)?
}

/// A body that is not there.
pub fn lacking(lacking: Lacking) -> Problem {
    let why = match lacking {
        Lacking::Late => "it took more than 10 s to arrive",
        Lacking::CutOff => "it was cut off",
    };
    Problem::invalid("body", why)
}

fn too_large() -> Problem {
    Problem::new("too_large").with("bytes_max", BODY_BYTES_MAX)
}

/// Whether the request says its body is JSON.
pub fn require_json(fields: &impl Fields) -> Result<(), Problem> {
    let kind = fields.first(&header::CONTENT_TYPE);
    if kind == Some(b"application/json") {
        return Ok(());
    }
    let kind = kind.and_then(|value| str::from_utf8(value).ok());
    let json = kind.is_some_and(|kind| {
        kind.split(';')
            .next()
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
    });
    if json { Ok(()) } else { Err(Problem::new("not_json")) }
}

/// Reads a claim's JSON.
pub fn parse_claim(bytes: &[u8]) -> Result<ClaimBody<'_>, Problem> {
    require_object(bytes)?;
    serde_json::from_slice(bytes).map_err(|why| fault(&why, bytes))
}

/// Reads any other JSON.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    require_object(bytes)?;
    serde_json::from_slice(bytes).map_err(|why| fault(&why, bytes))
}

/// A list would be read member by member, without names; whoever sends one meant something else.
fn require_object(bytes: &[u8]) -> Result<(), Problem> {
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(Problem::invalid("body", "send an object, not a list"));
    }
    Ok(())
}

/// A parser's complaint as the contract words it: which field, and why.
fn fault(why: &serde_json::Error, bytes: &[u8]) -> Problem {
    let text = why.to_string();
    // A number too large for any type is JSON all the same.
    if !why.is_data() && !text.starts_with("number out of range") {
        return Problem::new("not_json").with("why", text);
    }
    let said = text.split(" at line").next().unwrap_or_default();
    let named = ["unknown field `", "missing field `", "duplicate field `"];
    let named = named.iter().find_map(|start| said.strip_prefix(start)?.split('`').next());
    let field = named.map(str::to_owned).or_else(|| member_at(bytes, why));
    Problem::invalid(field.as_deref().unwrap_or("body"), said)
}

/// The name of the member whose value a parser stopped at.
fn member_at(bytes: &[u8], why: &serde_json::Error) -> Option<String> {
    let line = bytes.split(|byte| *byte == b'\n').nth(why.line().checked_sub(1)?)?;
    let read = &line[..why.column().min(line.len())];
    let colon = read.iter().rposition(|byte| *byte == b':')?;
    let name = read[..colon].trim_ascii_end().strip_suffix(b"\"")?;
    let start = name.iter().rposition(|byte| *byte == b'"')?;
    String::from_utf8(name[start + 1..].to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt as _;

    #[test]
    fn a_claim_reads_and_its_faults_are_named() {
        let body = br#"{"item":"phone","quantity":2}"#;
        let claim = parse_claim(body).unwrap();
        assert_eq!((claim.item.as_ref(), claim.quantity), ("phone", Units::Whole(2)));
        let field = |body: &str| {
            let problem = parse_claim(body.as_bytes()).unwrap_err();
            (problem.code, problem.more.get("field").and_then(|f| f.as_str().map(str::to_owned)))
        };
        assert_eq!(field("{"), ("not_json", None));
        assert_eq!(field(r#"{"item":"a","colour":1}"#), ("invalid", Some("colour".into())));
        assert_eq!(field("{}"), ("invalid", Some("item".into())));
        assert_eq!(field(r#"{"item":7}"#), ("invalid", Some("item".into())));
        assert_eq!(field(r#"{"item":"a","quantity":1e400}"#), ("invalid", Some("quantity".into())));
        assert_eq!(field(r#"["a"]"#), ("invalid", Some("body".into())));
        assert_eq!(field(r#""a:b""#), ("invalid", Some("body".into())));
        for odd in ["-1", "1.5", "1e99", "18446744073709551616", "\"2\"", "true"] {
            let body = format!(r#"{{"item":"a","quantity":{odd}}}"#);
            assert_eq!(parse_claim(body.as_bytes()).unwrap().quantity, Units::Other, "{odd}");
        }
    }

    #[test]
    fn a_body_reads_alike_whole_and_in_parts() {
        let read = |parts: &[usize], pause: bool| {
            let parts = parts.iter().map(|&len| Bytes::from(vec![b'x'; len]));
            let frames = parts.map(|part| Ok::<_, std::io::Error>(Frame::data(part)));
            let frames = futures_util::stream::iter(frames.collect::<Vec<_>>());
            let frames = frames.then(move |frame| async move {
                if pause {
                    tokio::task::yield_now().await;
                }
                frame
            });
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            let body = http_body_util::StreamBody::new(Box::pin(frames));
            let read = runtime.unwrap().block_on(read_whole(body));
            read.map(|whole| whole.len()).map_err(|problem| problem.code)
        };
        for pause in [false, true] {
            assert_eq!(read(&[], pause), Ok(0));
            assert_eq!(read(&[28], pause), Ok(28));
            assert_eq!(read(&[1, 0, 27], pause), Ok(28));
            assert_eq!(read(&[BODY_BYTES_MAX - 1, 1], pause), Ok(BODY_BYTES_MAX));
            assert_eq!(read(&[BODY_BYTES_MAX, 1], pause), Err("too_large"));
            assert_eq!(read(&[BODY_BYTES_MAX + 1], pause), Err("too_large"));
        }
        let at_once = |len| http_body_util::Full::new(Bytes::from(vec![b'x'; len]));
        let poll = |body| futures_util::FutureExt::now_or_never(read_whole(body)).unwrap();
        assert_eq!(poll(at_once(28)).unwrap().len(), 28, "without a timer");
        assert_eq!(poll(at_once(BODY_BYTES_MAX + 1)).unwrap_err().code, "too_large");
    }
}
