//! `docs/festival.schema.json`: every key, for editors. It says less than the reader knows (no
//! clashes, no zones), but nothing else.

use serde_json::{Map, Value, json};

use super::super::keys::{Key, Need, ROOT, Section, Shape};
use super::super::limits;

/// The schema (JSON Schema draft 7, which TOML editors understand), as text.
pub fn schema() -> String {
    let mut whole = table(&ROOT);
    whole.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    whole.insert("title".to_owned(), json!("Fanfare festival file"));
    let text = serde_json::to_string_pretty(&sorted(Value::Object(whole)));
    text.expect("a schema is plain JSON") + "\n"
}

fn table(section: &Section) -> Map<String, Value> {
    let keys = section.keys.iter();
    let properties: Map<_, _> = keys.clone().map(|key| (key.name.to_owned(), of(key))).collect();
    let required = keys.filter(|key| matches!(key.need, Need::Required(_)));
    let required: Vec<_> = required.map(|key| key.name).collect();
    let mut table = Map::new();
    table.insert("type".to_owned(), json!("object"));
    table.insert("additionalProperties".to_owned(), json!(false));
    table.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        table.insert("required".to_owned(), json!(required));
    }
    if !section.one_of.is_empty() {
        let choices = section.one_of.iter().map(|key| json!({ "required": [key] }));
        table.insert("oneOf".to_owned(), choices.collect());
    }
    table
}

fn of(key: &Key) -> Value {
    let Value::Object(mut value) = shape(key.shape) else { unreachable!("schemas are objects") };
    if !key.says.is_empty() {
        value.insert("description".to_owned(), json!(key.says));
    }
    if let Need::Default(text) = key.need {
        // Numbers, text and lists of text are written alike in TOML and JSON.
        let default: Value = serde_json::from_str(text).expect("defaults are JSON as well");
        value.insert("default".to_owned(), default);
    }
    Value::Object(value)
}

fn shape(shape: Shape) -> Value {
    const SPAN: &str = "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";
    let span = || json!({ "type": "string", "minLength": 2, "pattern": SPAN });
    match shape {
        Shape::Id => json!({
            "type": "string",
            "pattern": format!("^[a-z0-9][a-z0-9-]{{0,{}}}$", limits::ID_CHARS_MAX - 1),
        }),
        Shape::Text { chars_max } => {
            json!({ "type": "string", "minLength": 1, "maxLength": chars_max })
        }
        Shape::Word(words) => json!({ "enum": words }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Whole { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Decimal { max } => json!({ "type": "number", "minimum": 0, "maximum": max }),
        Shape::Currency => json!({ "type": "string", "pattern": "^[A-Z]{3}$" }),
        Shape::Colour => json!({ "type": "string", "pattern": "^#[0-9a-fA-F]{6}$" }),
        Shape::Picture => json!({
            "type": "string",
            "pattern": "^[a-z0-9_-][a-z0-9_.-]*(/[a-z0-9_-][a-z0-9_.-]*)*\\.(svg|png|jpe?g|webp)$",
            "maxLength": limits::PATH_CHARS_MAX,
        }),
        Shape::Url => json!({
            "type": "string", "pattern": "^https?://[A-Za-z0-9.:\\[\\]-]+$",
            "maxLength": limits::URL_CHARS_MAX,
        }),
        // Editors hand TOML's own dates to the schema as text.
        Shape::Zone | Shape::Moment => json!({ "type": "string" }),
        Shape::Amount => json!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?$" }),
        Shape::Units(_) => {
            let units =
                json!({ "type": "integer", "minimum": 0, "maximum": limits::STOCK_LINE_MAX });
            json!({ "oneOf": [units, { "type": "object", "additionalProperties": units }] })
        }
        Shape::Span { .. } => span(),
        Shape::Spans { count_min, count_max, .. } => json!({
            "type": "array", "items": span(), "minItems": count_min, "maxItems": count_max,
        }),
        Shape::Table(section) => Value::Object(table(section)),
        Shape::Tables { of, max } => {
            let of = Value::Object(table(of));
            json!({ "type": "array", "items": of, "minItems": 1, "maxItems": max })
        }
    }
}

/// With its keys sorted, whatever order the JSON library keeps.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.into_iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            entries.into_iter().map(|(key, value)| (key, sorted(value))).collect()
        }
        Value::Array(list) => list.into_iter().map(sorted).collect(),
        other => other,
    }
}
