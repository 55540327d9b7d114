//! Image rewrites, for registries that stand in for public ones.

use super::Object;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Rewrites the images of every container in `objects`, and returns the prefixes that matched no image.
///
/// A key of `images` is the beginning of an image reference: registry, registry and path, or a whole repository
/// (`quay.io`, `quay.io/argoproj`, `quay.io/argoproj/argocd`), also with tag or digest. It matches where the reference
/// ends or goes on with `/`, `:` or `@`, so `quay.io/argo` does not match `quay.io/argoproj/argocd`. The longest
/// matching key wins, and its value takes the place of the matched part; the rest stays. A reference is tried as it is
/// written, then spelled out (`redis:8` is `docker.io/library/redis:8`). Images are found in `containers`,
/// `initContainers` and `ephemeralContainers` wherever a pod is described, and nowhere else: not in arguments, not in
/// environment variables.
pub fn rewrite_images(objects: &mut [Object], images: &BTreeMap<String, String>) -> Vec<String> {
    let mut used = BTreeSet::new();
    if !images.is_empty() {
        for object in objects {
            object.as_map_mut().values_mut().for_each(|value| visit(value, images, &mut used));
        }
    }
    images.keys().filter(|prefix| !used.contains(prefix.as_str())).cloned().collect()
}

fn visit<'a>(value: &mut Value, images: &'a BTreeMap<String, String>, used: &mut BTreeSet<&'a str>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, images, used)),
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::Array(containers)
                        if key == "containers" || key == "initContainers" || key == "ephemeralContainers" =>
                    {
                        containers.iter_mut().for_each(|container| rewrite(container, images, used));
                    }
                    value => visit(value, images, used),
                }
            }
        }
        _ => {}
    }
}

fn rewrite<'a>(container: &mut Value, images: &'a BTreeMap<String, String>, used: &mut BTreeSet<&'a str>) {
    let Some(Value::String(image)) = container.get_mut("image") else { return };
    let spelled = spelled_out(image);
    let found = longest(image, images).map(|found| (found, image.as_str()));
    let found = found.or_else(|| longest(&spelled, images).map(|found| (found, spelled.as_str())));
    if let Some(((prefix, replacement), reference)) = found {
        let rest = reference.get(prefix.len()..).unwrap_or_default();
        let rewritten = format!("{replacement}{rest}");
        used.insert(prefix);
        *image = rewritten;
    }
}

fn longest<'a>(reference: &str, images: &'a BTreeMap<String, String>) -> Option<(&'a str, &'a str)> {
    let matches = |prefix: &&String| {
        let rest = reference.strip_prefix(prefix.as_str());
        !prefix.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':', '@']))
    };
    let prefix = images.keys().filter(matches).max_by_key(|prefix| prefix.len())?;
    images.get_key_value(prefix).map(|(prefix, replacement)| (prefix.as_str(), replacement.as_str()))
}

/// With Docker's defaults written out: registry `docker.io`, and `library/` for its official images.
fn spelled_out(image: &str) -> String {
    let (first, rest) = image.split_once('/').unwrap_or(("", image));
    match first {
        "" => format!("docker.io/library/{rest}"),
        first if first.contains(['.', ':']) || first == "localhost" => image.to_owned(),
        _ => format!("docker.io/{image}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rewritten(image: &str, images: &[(&str, &str)]) -> String {
        let images = images.iter().map(|(from, to)| ((*from).into(), (*to).into())).collect();
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
            "spec": {"template": {"spec": {"containers": [{"name": "c", "image": image, "args": [image]}]}}}});
        let mut objects = [Object::new(object).unwrap()];
        rewrite_images(&mut objects, &images);
        let container = objects[0].at("/spec/template/spec/containers/0").unwrap();
        assert_eq!(container["args"], json!([image]), "arguments stay");
        container["image"].as_str().unwrap().to_owned()
    }

    #[test]
    fn prefixes() {
        let argo = "quay.io/argoproj/argocd:v3.5.3";
        let cases: [(&str, &[(&str, &str)], &str); 11] = [
            (argo, &[("quay.io", "r.example:5000")], "r.example:5000/argoproj/argocd:v3.5.3"),
            (argo, &[("quay.io/argoproj", "r/x")], "r/x/argocd:v3.5.3"),
            (argo, &[("quay.io/argoproj/argocd", "r/cd")], "r/cd:v3.5.3"),
            (argo, &[("quay.io/argoproj/argocd:v3.5.3", "r/cd:1")], "r/cd:1"),
            (argo, &[("quay.io/argo", "r")], argo), // Not at a boundary.
            (argo, &[("quay.io", "a"), ("quay.io/argoproj", "b")], "b/argocd:v3.5.3"), // The longest wins.
            ("quay.io/a@sha256:00", &[("quay.io/a", "b")], "b@sha256:00"),
            ("redis:8", &[("docker.io", "r")], "r/library/redis:8"),
            ("dexidp/dex:v2", &[("docker.io/dexidp", "r")], "r/dex:v2"),
            ("redis:8", &[("redis", "r/redis")], "r/redis:8"), // As it is written comes first.
            ("localhost/a", &[("docker.io", "r")], "localhost/a"),
        ];
        for (image, images, expected) in cases {
            assert_eq!(rewritten(image, images), expected, "{image} with {images:?}");
        }
    }

    #[test]
    fn unused_prefixes_are_named() {
        let images = [("quay.io".to_owned(), "r".to_owned())].into();
        assert_eq!(rewrite_images(&mut [], &images), ["quay.io"]);
    }
}
