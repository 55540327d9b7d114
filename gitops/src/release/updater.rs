//! What Argo CD Image Updater is told by the annotations of an Application.

use crate::image::split;
use std::collections::BTreeMap;

/// The images that it keeps up to date, separated by commas.
pub const IMAGE_LIST: &str = "argocd-image-updater.argoproj.io/image-list";

/// The names of the images of which `annotations` make it the writer, as the manifests have them.
pub fn updated(annotations: &BTreeMap<String, String>) -> Vec<String> {
    let images =
        annotations.get(IMAGE_LIST).map(String::as_str).unwrap_or_default().split(',').map(str::trim);
    images.filter(|image| !image.is_empty()).map(|image| name(annotations, image)).collect()
}

/// The name of `image`, such as `web=ghcr.io/acme/web:1.x`: for Kustomize an alias may have another one.
fn name(annotations: &BTreeMap<String, String>, image: &str) -> String {
    let (alias, image) = image.split_once('=').unwrap_or(("", image));
    let key = format!("argocd-image-updater.argoproj.io/{alias}.kustomize.image-name");
    annotations.get(&key).cloned().unwrap_or_else(|| split(image).0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_listed_with_their_constraints() {
        let cases: [(&str, &[&str]); 5] = [
            ("", &[]),
            ("ghcr.io/acme/web", &["ghcr.io/acme/web"]),
            ("web=registry:5000/web:1.x, worker=acme/worker:~1.2,", &["registry:5000/web", "acme/worker"]),
            ("api=ghcr.io/acme/api:^2", &["api-of-the-base"]),
            ("nginx:latest", &["nginx"]),
        ];
        for (list, expected) in cases {
            let annotations = [
                (IMAGE_LIST, list),
                ("argocd-image-updater.argoproj.io/api.kustomize.image-name", "api-of-the-base"),
            ];
            let annotations = annotations.map(|(key, value)| (key.to_owned(), value.to_owned()));
            assert_eq!(updated(&BTreeMap::from(annotations)), expected, "{list}");
        }
    }
}
