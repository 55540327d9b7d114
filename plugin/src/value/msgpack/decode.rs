//! From bytes to values.

use super::super::check::{check_attributes, check_length};
use super::super::error::{Result, Trail};
use super::super::{MAX_VALUES, Number, Problem, Type, Value};
use super::unknown;
use rmp::Marker;
use rmp::decode::{Bytes, NumValueReadError, RmpReadErr, ValueReadError};
use std::collections::BTreeMap;

/// Reads the whole of `bytes` as one value of type `ty`.
///
/// Fails on anything that is not exactly such a value, with the path of the attribute, and on values beyond
/// [`MAX_DEPTH`](super::super::MAX_DEPTH) or [`MAX_VALUES`].
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value> {
    let mut reader = Reader { bytes: Bytes::new(bytes), left: MAX_VALUES };
    let value = reader.value(ty, &Trail::ROOT)?;
    match reader.bytes.remaining_slice().len() {
        0 => Ok(value),
        trailing => Err(Trail::ROOT.error(Problem::Trailing(trailing))),
    }
}

pub(super) struct Reader<'a> {
    bytes: Bytes<'a>,
    /// How many more values may come.
    left: usize,
}

impl<'a> Reader<'a> {
    /// A reader for a part of the input that has to be read on its own.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes: Bytes::new(bytes), left: bytes.len() }
    }

    pub(super) fn value(&mut self, ty: &Type, at: &Trail<'_>) -> Result<Value> {
        at.check_depth()?;
        self.left = self.left.checked_sub(1).ok_or_else(|| at.error(Problem::TooLarge))?;
        let marker = self.peek(at)?;
        if is_extension(marker) {
            return self.unknown(ty, at);
        }
        if marker == Marker::Null {
            return rmp::decode::read_nil(&mut self.bytes)
                .map(|()| Value::Null)
                .map_err(|error| fail(error, "null", at));
        }
        match ty {
            Type::Bool => self.bool(at).map(Value::Bool),
            Type::Number => self.number(at).map(Value::Number),
            Type::String => self.text(ty.kind(), at).map(|text| Value::String(text.to_owned())),
            Type::List(element) => {
                let each = |reader: &mut Self, index| reader.value(element, &at.index(index));
                self.elements(ty, at, each).map(Value::List)
            }
            Type::Set(element) => {
                self.elements(ty, at, |reader, _| reader.value(element, &at.inside())).map(Value::Set)
            }
            Type::Tuple(types) => self.tuple(ty, types, at).map(Value::Tuple),
            Type::Map(element) => {
                let each = |reader: &mut Self, key: &str| reader.value(element, &at.key(key));
                self.entries(ty, at, each).map(Value::Map)
            }
            Type::Object(types) => self.object(ty, types, at).map(Value::Object),
            Type::Dynamic => self.dynamic(at),
        }
    }

    pub(super) fn bool(&mut self, at: &Trail<'_>) -> Result<bool> {
        rmp::decode::read_bool(&mut self.bytes).map_err(|error| fail(error, "a bool", at))
    }

    /// An integer of any width that fits.
    pub(super) fn integer(&mut self, at: &Trail<'_>) -> Result<i64> {
        rmp::decode::read_int(&mut self.bytes).map_err(|error| match error {
            NumValueReadError::TypeMismatch(marker) => at.expected("an integer", name(marker)),
            NumValueReadError::OutOfRange => at.error(Problem::NumberRange),
            _ => at.error(Problem::Truncated),
        })
    }

    fn number(&mut self, at: &Trail<'_>) -> Result<Number> {
        let number = match self.peek(at)? {
            Marker::U64 => rmp::decode::read_u64(&mut self.bytes).map(Number::from).map(Ok),
            Marker::F32 => {
                rmp::decode::read_f32(&mut self.bytes).map(|float| Number::from_binary(float.into()))
            }
            Marker::F64 => rmp::decode::read_f64(&mut self.bytes).map(Number::from_binary),
            marker if is_text(marker) => Ok(self.text("a number", at)?.parse()),
            marker if is_integer(marker) => Ok(Ok(self.integer(at)?.into())),
            marker => Err(ValueReadError::TypeMismatch(marker)),
        };
        number.map_err(|error| fail(error, "a number", at))?.map_err(|error| at.error(error.into()))
    }

    pub(super) fn text(&mut self, expected: &'static str, at: &Trail<'_>) -> Result<&'a str> {
        std::str::from_utf8(self.blob(expected, at)?).map_err(|_| at.error(Problem::NotUtf8))
    }

    /// The bytes of a string or of a binary: encoders differ in which of them they write for a type.
    fn blob(&mut self, expected: &'static str, at: &Trail<'_>) -> Result<&'a [u8]> {
        let length = match self.peek(at)? {
            Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => rmp::decode::read_bin_len(&mut self.bytes),
            _ => rmp::decode::read_str_len(&mut self.bytes),
        };
        self.take(length.map_err(|error| fail(error, expected, at))?, at)
    }

    fn take(&mut self, length: u32, at: &Trail<'_>) -> Result<&'a [u8]> {
        let rest = self.bytes.remaining_slice();
        let split = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
        let (taken, rest) = split.ok_or_else(|| at.error(Problem::Truncated))?;
        self.bytes = Bytes::new(rest);
        Ok(taken)
    }

    pub(super) fn array_length(&mut self, expected: &'static str, at: &Trail<'_>) -> Result<u32> {
        rmp::decode::read_array_len(&mut self.bytes).map_err(|error| fail(error, expected, at))
    }

    pub(super) fn map_length(&mut self, expected: &'static str, at: &Trail<'_>) -> Result<u32> {
        rmp::decode::read_map_len(&mut self.bytes).map_err(|error| fail(error, expected, at))
    }

    fn elements(
        &mut self,
        ty: &Type,
        at: &Trail<'_>,
        mut each: impl FnMut(&mut Self, usize) -> Result<Value>,
    ) -> Result<Vec<Value>> {
        let length = self.array_length(ty.kind(), at)?;
        // Grows with what is read; the length is but a claim.
        let mut elements = Vec::new();
        for index in 0..length as usize {
            elements.push(each(self, index)?);
        }
        Ok(elements)
    }

    fn tuple(&mut self, ty: &Type, types: &[Type], at: &Trail<'_>) -> Result<Vec<Value>> {
        let length = self.array_length(ty.kind(), at)?;
        check_length(length as usize, types.len(), at)?;
        types.iter().enumerate().map(|(index, ty)| self.value(ty, &at.index(index))).collect()
    }

    fn entries(
        &mut self,
        ty: &Type,
        at: &Trail<'_>,
        mut each: impl FnMut(&mut Self, &str) -> Result<Value>,
    ) -> Result<BTreeMap<String, Value>> {
        let mut entries = BTreeMap::new();
        for _ in 0..self.map_length(ty.kind(), at)? {
            let key = self.text("a string as key", at)?;
            let value = each(self, key)?;
            if entries.insert(key.to_owned(), value).is_some() {
                return Err(at.error(Problem::DuplicateKey(key.to_owned())));
            }
        }
        Ok(entries)
    }

    fn object(
        &mut self,
        ty: &Type,
        types: &BTreeMap<String, Type>,
        at: &Trail<'_>,
    ) -> Result<BTreeMap<String, Value>> {
        let attributes = self.entries(ty, at, |reader, name| match types.get(name) {
            Some(ty) => reader.value(ty, &at.attribute(name)),
            None => Err(at.error(Problem::UnsupportedAttribute(name.to_owned()))),
        })?;
        check_attributes(&attributes, types, at)?;
        Ok(attributes)
    }

    fn dynamic(&mut self, at: &Trail<'_>) -> Result<Value> {
        let length = self.array_length(Type::Dynamic.kind(), at)?;
        check_length(length as usize, 2, at)?;
        let json = self.blob("the type of the value", at)?;
        let ty = Type::from_json(json).map_err(|error| at.error(error.problem))?;
        let value = self.value(&ty, &at.inside())?;
        // A type that says nothing is left out, so that equal values are equal here.
        Ok(if ty == Type::Dynamic { value } else { Value::dynamic(ty, value) })
    }

    fn unknown(&mut self, ty: &Type, at: &Trail<'_>) -> Result<Value> {
        let meta = rmp::decode::read_ext_meta(&mut self.bytes);
        let meta = meta.map_err(|error| fail(error, "an unknown value", at))?;
        let payload = self.take(meta.size, at)?;
        if meta.typeid != super::REFINED || payload.len() <= 1 {
            return Ok(Value::unknown());
        }
        if payload.len() > super::MAX_REFINEMENT {
            return Err(at.error(Problem::Refinement("it is longer than 1024 bytes")));
        }
        unknown::decode(payload, ty, at)
    }

    /// Reads over one value of any type, without descending the stack.
    pub(super) fn skip(&mut self, at: &Trail<'_>) -> Result<()> {
        let mut values: u64 = 1;
        while let Some(left) = values.checked_sub(1) {
            let marker = self.peek(at)?;
            let inside = match marker {
                Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => self.array_length("", at)?.into(),
                Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => 2 * u64::from(self.map_length("", at)?),
                _ => self.skip_leaf(marker, at).map(|()| 0)?,
            };
            values = left.saturating_add(inside);
        }
        Ok(())
    }

    fn skip_leaf(&mut self, marker: Marker, at: &Trail<'_>) -> Result<()> {
        if is_extension(marker) {
            return self.unknown(&Type::Dynamic, at).map(|_| ());
        }
        if is_text(marker) {
            return self.blob("", at).map(|_| ());
        }
        let length = match marker {
            Marker::U8 | Marker::I8 => 2,
            Marker::U16 | Marker::I16 => 3,
            Marker::U32 | Marker::I32 | Marker::F32 => 5,
            Marker::U64 | Marker::I64 | Marker::F64 => 9,
            _ => 1,
        };
        self.take(length, at).map(|_| ())
    }

    fn peek(&self, at: &Trail<'_>) -> Result<Marker> {
        let first = self.bytes.remaining_slice().first();
        first.map(|byte| Marker::from_u8(*byte)).ok_or_else(|| at.error(Problem::Truncated))
    }
}

fn fail<E: RmpReadErr>(
    error: ValueReadError<E>,
    expected: &'static str,
    at: &Trail<'_>,
) -> super::super::Error {
    match error {
        ValueReadError::TypeMismatch(marker) => at.expected(expected, name(marker)),
        _ => at.error(Problem::Truncated),
    }
}

fn is_extension(marker: Marker) -> bool {
    use Marker::*;
    matches!(marker, FixExt1 | FixExt2 | FixExt4 | FixExt8 | FixExt16 | Ext8 | Ext16 | Ext32)
}

fn is_text(marker: Marker) -> bool {
    use Marker::*;
    matches!(marker, FixStr(_) | Str8 | Str16 | Str32 | Bin8 | Bin16 | Bin32)
}

fn is_integer(marker: Marker) -> bool {
    use Marker::*;
    matches!(marker, FixPos(_) | FixNeg(_) | U8 | U16 | U32 | U64 | I8 | I16 | I32 | I64)
}

/// What a marker starts, with its article, for messages.
fn name(marker: Marker) -> &'static str {
    use Marker::*;
    match marker {
        Null => "null",
        True | False => "a bool",
        F32 | F64 => "a number",
        FixArray(_) | Array16 | Array32 => "an array",
        FixMap(_) | Map16 | Map32 => "a map",
        Reserved => "a reserved code",
        marker if is_integer(marker) => "a number",
        marker if is_text(marker) => "a string",
        _ => "an unknown value",
    }
}
