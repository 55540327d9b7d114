//! Values and identities as protocol messages.

use crate::problem::Problem;
use crate::schema::Schema;
use crate::value::{Type, Value, json, msgpack};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};
use tfplugin_proto::tfplugin6;

/// The value in `message`; a missing one is null.
pub(super) fn decode(message: Option<&tfplugin6::DynamicValue>, ty: &Type) -> Result<Value, Problem> {
    let decoded = match message {
        Some(message) if !message.msgpack.is_empty() => msgpack::decode(&message.msgpack, ty),
        Some(message) if !message.json.is_empty() => json::decode(&message.json, ty),
        _ => return Ok(Value::Null),
    };
    decoded.map_err(|why| {
        let detail = format!("Terraform sent a value that does not fit the schema: {why}.");
        Problem::error("Unreadable value", detail).at(&why.path)
    })
}

/// `value` as a message, always in MessagePack.
pub(super) fn encode(value: &Value, ty: &Type) -> Result<tfplugin6::DynamicValue, Problem> {
    let msgpack = msgpack::encode(value, ty)
        .map_err(|why| Problem::bug(format!("its answer does not fit its schema: {why}")))?;
    Ok(tfplugin6::DynamicValue { msgpack, json: Vec::new() })
}

/// The identity of `state`, as a message; none where there is no object or a part of it is not known yet.
pub(super) fn identity(schema: &Schema, state: &Value) -> Option<tfplugin6::ResourceIdentityData> {
    let (Value::Object(fields), Type::Object(types)) = (state, schema.identity_ty()) else { return None };
    let identity: BTreeMap<_, _> =
        types.keys().map(|name| (name.clone(), fields.get(name).cloned().unwrap_or(Value::Null))).collect();
    let identity = Value::Object(identity);
    if types.is_empty() || !identity.is_wholly_known() {
        return None;
    }
    let data = encode(&identity, &Type::Object(types)).ok()?;
    Some(tfplugin6::ResourceIdentityData { identity_data: Some(data) })
}

/// A time as a message.
pub(super) fn timestamp(time: SystemTime) -> prost_types::Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    prost_types::Timestamp { seconds: since.as_secs() as i64, nanos: since.subsec_nanos() as i32 }
}
