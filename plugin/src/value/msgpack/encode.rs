//! From values to bytes.

use super::super::check::{check_attributes, check_length};
use super::super::error::{Result, Trail};
use super::super::order::distinct;
use super::super::{Number, Problem, Type, Value};
use super::unknown;
use rmp::encode::{ByteBuf, ValueWriteError};
use std::convert::Infallible;

/// Writes `value`, which must be a value of type `ty`.
///
/// Fails with the path where it is not. Duplicates in sets are written once.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>> {
    let mut out = ByteBuf::new();
    write(&mut out, value, ty, &Trail::ROOT)?;
    Ok(out.into_vec())
}

fn write(out: &mut ByteBuf, value: &Value, ty: &Type, at: &Trail<'_>) -> Result<()> {
    at.check_depth()?;
    match (value, ty) {
        (Value::Null, _) => write_nil(out),
        (Value::Unknown(refinements), _) => unknown::encode(out, refinements, ty, at)?,
        (Value::Bool(bool), Type::Bool) => write_bool(out, *bool),
        (Value::Number(number), Type::Number) => write_number(out, number, at)?,
        (Value::String(text), Type::String) => write_text(out, text, at)?,
        (Value::List(elements), Type::List(element)) => {
            write_array(out, elements.len(), at)?;
            for (index, value) in elements.iter().enumerate() {
                write(out, value, element, &at.index(index))?;
            }
        }
        (Value::Set(elements), Type::Set(element)) => {
            let elements = distinct(elements);
            write_array(out, elements.len(), at)?;
            for value in elements {
                write(out, value, element, &at.inside())?;
            }
        }
        (Value::Tuple(elements), Type::Tuple(types)) => {
            check_length(elements.len(), types.len(), at)?;
            write_array(out, elements.len(), at)?;
            for (index, (value, ty)) in elements.iter().zip(types).enumerate() {
                write(out, value, ty, &at.index(index))?;
            }
        }
        (Value::Map(elements), Type::Map(element)) => {
            write_map(out, elements.len(), at)?;
            for (key, value) in elements {
                write_text(out, key, at)?;
                write(out, value, element, &at.key(key))?;
            }
        }
        (Value::Object(attributes), Type::Object(types)) => {
            check_attributes(attributes, types, at)?;
            write_map(out, attributes.len(), at)?;
            for ((name, value), ty) in attributes.iter().zip(types.values()) {
                write_text(out, name, at)?;
                write(out, value, ty, &at.attribute(name))?;
            }
        }
        (Value::Dynamic(inner), Type::Dynamic) => write_dynamic(out, &inner.0, &inner.1, at)?,
        (_, Type::Dynamic) => return Err(at.error(Problem::Untyped)),
        _ => return Err(at.expected(ty.kind(), value.kind())),
    }
    Ok(())
}

fn write_dynamic(out: &mut ByteBuf, ty: &Type, value: &Value, at: &Trail<'_>) -> Result<()> {
    if *ty == Type::Dynamic {
        return write(out, value, ty, &at.inside());
    }
    let json = ty.to_json();
    written(rmp::encode::write_array_len(out, 2));
    written(rmp::encode::write_bin_len(out, length(json.len(), at)?));
    out.as_mut_vec().extend_from_slice(&json);
    write(out, value, ty, &at.inside())
}

/// An integer of 64 bits where it is one, a float where that is exact, and otherwise its decimal text.
pub(super) fn write_number(out: &mut ByteBuf, number: &Number, at: &Trail<'_>) -> Result<()> {
    if let Some(integer) = number.as_i64() {
        written(rmp::encode::write_sint(out, integer));
    } else if let Some(float) = number.as_exact_f64().filter(|_| !number.is_integer()) {
        written(rmp::encode::write_f64(out, float));
    } else {
        write_text(out, &number.to_string(), at)?;
    }
    Ok(())
}

pub(super) fn write_text(out: &mut ByteBuf, text: &str, at: &Trail<'_>) -> Result<()> {
    length(text.len(), at)?;
    written(rmp::encode::write_str(out, text));
    Ok(())
}

fn write_array(out: &mut ByteBuf, elements: usize, at: &Trail<'_>) -> Result<()> {
    written(rmp::encode::write_array_len(out, length(elements, at)?));
    Ok(())
}

fn write_map(out: &mut ByteBuf, entries: usize, at: &Trail<'_>) -> Result<()> {
    written(rmp::encode::write_map_len(out, length(entries, at)?));
    Ok(())
}

/// MessagePack counts with 32 bits.
fn length(length: usize, at: &Trail<'_>) -> Result<u32> {
    u32::try_from(length).map_err(|_| at.error(Problem::TooLarge))
}

/// Writing into memory cannot fail, and the type says so.
pub(super) fn written<T>(result: std::result::Result<T, ValueWriteError<Infallible>>) {
    let Ok(_) = result;
}

pub(super) fn write_bool(out: &mut ByteBuf, bool: bool) {
    let Ok(()) = rmp::encode::write_bool(out, bool);
}

fn write_nil(out: &mut ByteBuf) {
    let Ok(()) = rmp::encode::write_nil(out);
}
