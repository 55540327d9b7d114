//! From values to JSON.

use super::super::check::{check_attributes, check_length};
use super::super::error::{Result, Trail};
use super::super::order::distinct;
use super::super::{Problem, Type, Value};

/// Writes `value`, which must be a wholly known value of type `ty`. Duplicates in sets are written once.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>> {
    let mut out = String::new();
    write(&mut out, value, ty, &Trail::ROOT)?;
    Ok(out.into_bytes())
}

fn write(out: &mut String, value: &Value, ty: &Type, at: &Trail<'_>) -> Result<()> {
    at.check_depth()?;
    match (value, ty) {
        (Value::Null, _) => out.push_str("null"),
        (Value::Unknown(_), _) => return Err(at.error(Problem::NotKnown)),
        (Value::Bool(bool), Type::Bool) => out.push_str(if *bool { "true" } else { "false" }),
        (Value::Number(number), Type::Number) => out.push_str(&number.to_string()),
        (Value::String(text), Type::String) => write_text(out, text),
        (Value::List(elements), Type::List(element)) => {
            let each = |out: &mut String, (index, value)| write(out, value, element, &at.index(index));
            write_all(out, ['[', ']'], elements.iter().enumerate(), each)?;
        }
        (Value::Set(elements), Type::Set(element)) => {
            let each = |out: &mut String, value| write(out, value, element, &at.inside());
            write_all(out, ['[', ']'], distinct(elements), each)?;
        }
        (Value::Tuple(elements), Type::Tuple(types)) => {
            check_length(elements.len(), types.len(), at)?;
            let each = |out: &mut String, (index, (value, ty))| write(out, value, ty, &at.index(index));
            write_all(out, ['[', ']'], elements.iter().zip(types).enumerate(), each)?;
        }
        (Value::Map(elements), Type::Map(element)) => {
            write_all(out, ['{', '}'], elements, |out, (key, value)| {
                write_text(out, key);
                out.push(':');
                write(out, value, element, &at.key(key))
            })?;
        }
        (Value::Object(attributes), Type::Object(types)) => {
            check_attributes(attributes, types, at)?;
            write_all(out, ['{', '}'], attributes.iter().zip(types.values()), |out, ((name, value), ty)| {
                write_text(out, name);
                out.push(':');
                write(out, value, ty, &at.attribute(name))
            })?;
        }
        (Value::Dynamic(inner), Type::Dynamic) if inner.0 == Type::Dynamic => {
            write(out, &inner.1, ty, &at.inside())?;
        }
        (Value::Dynamic(inner), Type::Dynamic) => {
            out.push_str("{\"value\":");
            write(out, &inner.1, &inner.0, &at.inside())?;
            out.push_str(",\"type\":");
            out.push_str(&String::from_utf8_lossy(&inner.0.to_json()));
            out.push('}');
        }
        (_, Type::Dynamic) => return Err(at.error(Problem::Untyped)),
        _ => return Err(at.expected(ty.kind(), value.kind())),
    }
    Ok(())
}

fn write_all<T>(
    out: &mut String,
    [open, close]: [char; 2],
    items: impl IntoIterator<Item = T>,
    mut each: impl FnMut(&mut String, T) -> Result<()>,
) -> Result<()> {
    out.push(open);
    for (position, item) in items.into_iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        each(out, item)?;
    }
    out.push(close);
    Ok(())
}

fn write_text(out: &mut String, text: &str) {
    out.push_str(&serde_json::Value::from(text).to_string());
}
