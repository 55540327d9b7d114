//! What the host and state files say reaches a provider through these: a hundred thousand inputs each, and no panic.

use gitops_acceptance_tests::hostile::{INPUTS, bytes, texts, values};
use serde_json::json;
use tfplugin_rs::timeouts;
use tfplugin_rs::value::{Number, Path, Type, Value, json as state, msgpack};

/// A type with all kinds of values in it.
fn ty() -> Type {
    let object = json!(["object", {
        "any": "dynamic", "bool": "bool", "list": ["list", ["map", "string"]], "number": "number",
        "set": ["set", "number"], "text": "string", "tuple": ["tuple", ["bool", ["list", "dynamic"]]],
    }]);
    Type::from_json(object.to_string().as_bytes()).expect("a type")
}

/// A value of that type, with unknowns in it.
fn value() -> Value {
    let text = br#"{"any":{"type":["list","string"],"value":["a"]},"bool":true,"list":[{"a":"b"}],"number":-1.5e30,"set":[1,18446744073709551615],"text":"\u00e9","tuple":[false,[{"type":"number","value":1}]]}"#;
    let mut value = state::decode(text, &ty()).expect("a value");
    let Value::Object(fields) = &mut value else { panic!("no object") };
    fields.insert("text".to_owned(), Value::unknown());
    value
}

#[test]
fn messages_of_the_host() {
    let (good, ty) = (msgpack::encode(&value(), &ty()).expect("bytes"), ty());
    // A refined unknown, and a value whose type comes with it.
    let refined = [0xc7, 0x08, 0x0c, 0x82, 0x01, 0xc2, 0x05, 0x01, 0x06, 0x7f, 0xff];
    let dynamic = [&[0x92, 0xc4, 9][..], b"[\"list\",\"bool\"]", &[0x91, 0xc3]].concat();
    bytes(INPUTS, &[&good, &refined, &dynamic], |bytes| {
        for ty in [&ty, &Type::Dynamic, &Type::list(Type::String)] {
            let Ok(value) = msgpack::decode(bytes, ty) else { continue };
            assert_eq!(value.conforms_to(ty), Ok(()));
            // What was understood can be said again.
            let again = msgpack::encode(&value, ty).expect("bytes");
            assert_eq!(msgpack::decode(&again, ty), Ok(value));
        }
    });
}

#[test]
fn states() {
    let ty = ty();
    let good = br#"{"any":{"type":["list","string"],"value":["a"]},"bool":true,"list":[{"a":"b"}],"number":-1.5e30,"set":[1,"2"],"text":"\ud83d\ude00","tuple":[false,[]],"gone":1}"#;
    bytes(INPUTS, &[good], |bytes| {
        let _ = (state::decode(bytes, &ty), state::decode(bytes, &Type::Dynamic));
        if let Ok(value) = state::decode_lenient(bytes, &ty) {
            assert_eq!(value.conforms_to(&ty), Ok(()));
        }
    });
}

#[test]
fn types() {
    let good = serde_json::from_slice(&ty().to_json()).expect("JSON");
    values(INPUTS, &[good, json!("string"), json!(["object", {"a": "bool"}, ["a"]])], |json| {
        let Ok(ty) = Type::from_json(json.to_string().as_bytes()) else { return };
        assert_eq!(Type::from_json(&ty.to_json()), Ok(ty));
    });
}

#[test]
fn paths_numbers_and_durations() {
    texts(INPUTS, &[r#"tenants["a\"b"].values[0].image"#, "timeouts.create"], |text| {
        let Ok(path) = text.parse::<Path>() else { return };
        assert_eq!(path.to_string().parse::<Path>().as_ref(), Ok(&path), "{text:?}");
    });
    texts(INPUTS, &["-12345678901234567890.0625", "+1.5E-300", "0x10"], |text| {
        let Ok(number) = text.parse::<Number>() else { return };
        assert_eq!(number.to_string().parse::<Number>().as_ref(), Ok(&number), "{text:?}");
    });
    texts(INPUTS, &["1h30m", "1.5s", "300ms"], |text| drop(timeouts::parse(text)));
}
