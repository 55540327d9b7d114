//! The payload of a refined unknown: a map of small integers to facts.

use super::super::error::{Result, Trail};
use super::super::refinements::Facts;
use super::super::{Number, Problem, Refinements, Type, Value};
use super::decode::Reader;
use super::encode::{write_bool, write_number, write_text, written};
use super::{MAX_REFINEMENT, REFINED};
use rmp::encode::ByteBuf;

const NULLNESS: i64 = 1;
const PREFIX: i64 = 2;
const LOWER: i64 = 3;
const UPPER: i64 = 4;
const MIN_LENGTH: i64 = 5;
const MAX_LENGTH: i64 = 6;

/// The longest prefix that is written. Core shortens a longer one, with care for characters that the next bytes
/// may combine with; here it is left out.
const MAX_PREFIX: usize = 256;

/// The unknown value of type `ty` that `payload` describes. Facts of kinds yet to be invented are ignored.
pub(super) fn decode(payload: &[u8], ty: &Type, at: &Trail<'_>) -> Result<Value> {
    let mut reader = Reader::of(payload);
    let mut facts = Facts::default();
    let mut null = false;
    for _ in 0..reader.map_length("a map of refinements", at)? {
        match (reader.integer(at)?, ty) {
            (_, Type::Dynamic) => reader.skip(at)?,
            (NULLNESS, _) => {
                null = reader.bool(at)?;
                facts.not_null = !null;
            }
            (PREFIX, Type::String) => facts.prefix = Some(reader.text("a prefix", at)?.to_owned()),
            (LOWER, Type::Number) => facts.lower = Some(bound(&mut reader, at)?),
            (UPPER, Type::Number) => facts.upper = Some(bound(&mut reader, at)?),
            (MIN_LENGTH, Type::List(_) | Type::Set(_) | Type::Map(_)) => {
                facts.min_length = Some(length(&mut reader, at)?);
            }
            (MAX_LENGTH, Type::List(_) | Type::Set(_) | Type::Map(_)) => {
                facts.max_length = Some(length(&mut reader, at)?);
            }
            (PREFIX..=MAX_LENGTH, _) => return Err(at.error(Problem::Refinement("it is of another type"))),
            _ => reader.skip(at)?,
        }
    }
    // What is known to be null is not unknown.
    Ok(if null { Value::Null } else { Value::Unknown(facts.into()) })
}

fn bound(reader: &mut Reader<'_>, at: &Trail<'_>) -> Result<(Number, bool)> {
    let ty = Type::Tuple(vec![Type::Number, Type::Bool]);
    let value = reader.value(&ty, &at.inside()).map_err(|error| at.error(error.problem))?;
    let mut parts = if let Value::Tuple(parts) = value { parts.into_iter() } else { Vec::new().into_iter() };
    match (parts.next(), parts.next()) {
        (Some(Value::Number(number)), Some(Value::Bool(included))) => Ok((number, included)),
        _ => Err(at.error(Problem::Refinement("a bound is not known"))),
    }
}

fn length(reader: &mut Reader<'_>, at: &Trail<'_>) -> Result<u64> {
    u64::try_from(reader.integer(at)?).map_err(|_| at.error(Problem::Refinement("a length is negative")))
}

/// Writes an unknown value, with those facts that apply to its type and fit.
pub(super) fn encode(out: &mut ByteBuf, refinements: &Refinements, ty: &Type, at: &Trail<'_>) -> Result<()> {
    let payload = match refinements.facts().filter(|_| *ty != Type::Dynamic) {
        Some(facts) => encode_facts(facts, ty, at)?,
        None => Vec::new(),
    };
    match u32::try_from(payload.len()) {
        Ok(length) if length > 0 && payload.len() <= MAX_REFINEMENT => {
            written(rmp::encode::write_ext_meta(out, length, REFINED));
            out.as_mut_vec().extend_from_slice(&payload);
        }
        _ => out.as_mut_vec().extend_from_slice(&[0xd4, 0, 0]),
    }
    Ok(())
}

/// The payload, empty where no fact applies.
fn encode_facts(facts: &Facts, ty: &Type, at: &Trail<'_>) -> Result<Vec<u8>> {
    let mut out = ByteBuf::new();
    let mut count = 0;
    let mut key = |out: &mut ByteBuf, key: i64| {
        count += 1;
        written(rmp::encode::write_sint(out, key));
    };
    if facts.not_null {
        key(&mut out, NULLNESS);
        write_bool(&mut out, false);
    }
    if let Some(prefix) =
        facts.prefix.as_ref().filter(|prefix| *ty == Type::String && prefix.len() <= MAX_PREFIX)
    {
        key(&mut out, PREFIX);
        write_text(&mut out, prefix, at)?;
    }
    for (code, bound) in [(LOWER, &facts.lower), (UPPER, &facts.upper)] {
        if let Some((number, included)) = bound.as_ref().filter(|_| *ty == Type::Number) {
            key(&mut out, code);
            written(rmp::encode::write_array_len(&mut out, 2));
            write_number(&mut out, number, at)?;
            write_bool(&mut out, *included);
        }
    }
    let collection = matches!(ty, Type::List(_) | Type::Set(_) | Type::Map(_));
    for (code, length) in [(MIN_LENGTH, facts.min_length), (MAX_LENGTH, facts.max_length)] {
        if let Some(length) = length.filter(|_| collection).and_then(|length| i64::try_from(length).ok()) {
            key(&mut out, code);
            written(rmp::encode::write_sint(&mut out, length));
        }
    }
    let mut payload = ByteBuf::new();
    if count > 0 {
        written(rmp::encode::write_map_len(&mut payload, count));
    }
    payload.as_mut_vec().extend_from_slice(out.as_slice());
    Ok(payload.into_vec())
}
