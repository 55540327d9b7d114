//! Changes to objects of a manifest, written as parts of those objects.

use super::{Error, Limits, Object, parse};
use serde_json::Value;

/// Merges each of `patches` onto the object it names.
///
/// A patch is YAML with `apiVersion`, `kind`, `metadata.name` and what shall differ; it may hold several documents.
/// It is merged as a JSON merge patch (RFC 7396): mappings merge, null removes a key, everything else, lists
/// included, replaces. The namespace counts only where the patch names one. `apiVersion`, `kind` and name stay.
///
/// # Errors
///
/// What [`parse`] says of the patch, and [`Error::PatchMatchesNothing`]: a patch that changes nothing is a mistake.
pub fn patch(objects: &mut [Object], patches: &[String]) -> Result<(), Error> {
    for (position, text) in patches.iter().enumerate() {
        for part in parse(text, &Limits::default())? {
            let fits = |object: &&mut Object| {
                object.api_version() == part.api_version()
                    && object.kind() == part.kind()
                    && object.name() == part.name()
                    && part
                        .namespace()
                        .is_none_or(|namespace| object.namespace().is_none_or(|own| own == namespace))
            };
            let Some(object) = objects.iter_mut().find(fits) else {
                return Err(Error::PatchMatchesNothing {
                    position: position + 1,
                    object: part.id().to_string(),
                });
            };
            for (key, value) in part.into_value().as_object().into_iter().flatten() {
                merge_key(object.as_map_mut(), key, value);
            }
        }
    }
    Ok(())
}

/// Merges `patch` onto `target` as RFC 7396 says.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(target) = target {
        for (key, value) in patch {
            merge_key(target, key, value);
        }
    }
}

fn merge_key(target: &mut serde_json::Map<String, Value>, key: &str, value: &Value) {
    match value {
        Value::Null => {
            target.remove(key);
        }
        value => merge(target.entry(key).or_insert(Value::Null), value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The cases of RFC 7396, appendix A.
    #[test]
    fn merges_as_the_rfc_says() {
        let cases = [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ];
        for (target, patch, expected) in cases {
            let mut merged = target.clone();
            merge(&mut merged, &patch);
            assert_eq!(merged, expected, "{target} with {patch}");
        }
    }

    #[test]
    fn a_patch_finds_its_object_or_is_an_error() {
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm}\ndata: {a: '1', b: '2'}\n";
        let mut objects = parse(text, &Limits::default()).unwrap();
        let part = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm}\ndata: {b: null, c: '3'}\n";
        patch(&mut objects, &[part.into()]).unwrap();
        assert_eq!(objects[0].at("/data"), Some(&json!({"a": "1", "c": "3"})));
        let error = patch(&mut objects, &[part.into(), part.replace("argocd-cm", "argocd-mc")]).unwrap_err();
        insta::assert_snapshot!(error, @"patch 2 changes ConfigMap argocd-mc, which the manifest does not have");
    }
}
