//! Where a release writes, in one spelling: files have many ways to name one line.

use super::{Format, entry};
use crate::yaml::{Document, Path, Yaml};

/// The document and the path, as they are told from others.
pub type Spelled = (Option<Document>, Path);

impl Format {
    /// Where in the document the lines are that a release at `path` may write, also those that it takes away.
    pub fn places(self, path: &Path) -> Vec<Path> {
        match self.keys() {
            Some(keys) => keys.iter().map(|key| path.key(key)).collect(),
            None => vec![path.clone()],
        }
    }

    /// Whether a release at `path` is for an entry of the `images` of a kustomization, which its owner may leave to
    /// others.
    pub fn is_of_images(self, path: &Path) -> bool {
        self == Self::Kustomize && entry(path).is_some_and(|(list, _)| list.to_string() == "images")
    }
}

/// The place as far as `document` and `path` tell it alone: one without a document is in the only one of its file, which
/// is the first.
pub fn spelled(document: Option<Document>, path: Path) -> Spelled {
    (document.filter(|document| *document != Document::Index(0)), path)
}

/// The same in a file that says `text`: documents and items of lists by their numbers. `None` where nothing is there, or
/// what it is cannot be told.
pub fn spelled_in(text: &str, document: Option<&Document>, path: &Path) -> Option<Spelled> {
    let (number, path) = Yaml::parse(text, document).ok()?.numbered(path).ok()??;
    Some(spelled(Some(Document::Index(number)), path))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEPLOYMENTS: &str = "\
kind: Deployment
metadata: {name: web}
spec:
  containers:
  - just text
  - {name: web, image: web:1}
---
# nothing
---
kind: Deployment
metadata: {name: worker}
images: [{name: web, newTag: '1'}]
";

    /// The one spelling of a place, or what is wrong.
    fn shown(text: &str, document: &str, path: &str) -> String {
        let document = Some(document).filter(|document| !document.is_empty());
        let document = document.map(|document| Document::parse(document).unwrap());
        match spelled_in(text, document.as_ref(), &Path::parse(path).unwrap()) {
            None => "-".to_owned(),
            Some((None, path)) => path.to_string(),
            Some((Some(document), path)) => format!("{document}#{path}"),
        }
    }

    #[test]
    fn one_place_has_one_spelling() {
        let image = "spec.containers[1].image";
        let cases = [
            (DEPLOYMENTS, "Deployment/web", "spec.containers[name=web].image", image),
            (DEPLOYMENTS, "0", "spec.containers[image=\"web:1\"]['image']", image),
            (DEPLOYMENTS, "0", "spec.containers[1].image", image),
            (DEPLOYMENTS, "0", "spec.containers", "spec.containers"),
            (DEPLOYMENTS, "Deployment/worker", "images[name=web]", "1#images[0]"),
            (DEPLOYMENTS, "1", "images[0].newTag", "1#images[0].newTag"),
            ("kind: A\nmetadata: {name: a}\nimage: b\n", "A/a", "image", "image"),
            ("kind: A\nmetadata: {name: a}\nimage: b\n", "", "image", "image"),
            ("- [a, {b: c}]\n", "", "[0][b=c].b", "[0][1].b"),
            // What is not there, or cannot be told.
            (DEPLOYMENTS, "", "spec", "-"),
            (DEPLOYMENTS, "Deployment/api", "spec", "-"),
            (DEPLOYMENTS, "0", "spec.containers[name=api].image", "-"),
            (DEPLOYMENTS, "0", "spec.containers[name=web].tag", "-"),
            ("a: [", "", "a", "-"),
        ];
        for (text, document, path, expected) in cases {
            assert_eq!(shown(text, document, path), expected, "{document} {path} in {text}");
        }
    }

    #[test]
    fn the_first_document_is_the_only_one_or_none() {
        let path = Path::parse("image").unwrap();
        for (document, expected) in [(None, None), (Some(0), None), (Some(1), Some(1))] {
            let [document, expected] = [document, expected].map(|number| number.map(Document::Index));
            assert_eq!(spelled(document, path.clone()), (expected, path.clone()));
        }
    }

    #[test]
    fn images_of_a_kustomization_are_at_its_top() {
        let cases = [
            (Format::Kustomize, "images[name=web]", true),
            (Format::Kustomize, "['images'][name=web]", true),
            (Format::Kustomize, "spec.images[name=web]", false),
            (Format::Kustomize, "replicas[name=web]", false),
            (Format::Tag, "images[name=web].newTag", false),
        ];
        for (format, path, expected) in cases {
            assert_eq!(format.is_of_images(&Path::parse(path).unwrap()), expected, "{format:?} {path}");
        }
    }
}
