//! Releases into the files that people have.

use super::*;
use crate::Explain as _;

const DIGEST: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const OTHER: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

fn release(format: Format, path: &str, parts: [&str; 3]) -> Release {
    let [image, tag, digest] = parts.map(|part| Some(part.to_owned()).filter(|part| !part.is_empty()));
    Release {
        file: RepoPath::parse("apps/web.yaml").unwrap(),
        document: None,
        path: Path::parse(path).unwrap_or_else(|error| panic!("{error}")),
        format,
        parts: Parts { image, tag, digest },
    }
}

/// What is written, and that what is written says what is wanted and is not written again.
fn written(release: &Release, text: &str) -> String {
    let written = release.written(text).unwrap_or_else(|error| panic!("{error} in\n{text}"));
    assert!(release.is_written(&written), "{written}");
    let found = release.found(&written).unwrap().unwrap();
    assert_eq!(release.concerned(found), release.parts, "{written}");
    written
}

#[test]
fn references_in_yaml() {
    let pinned = format!("ghcr.io/acme/web:1.4.2@{OTHER}");
    let new = format!("ghcr.io/acme/web:1.4.3@{DIGEST}");
    let bare = format!("ghcr.io/acme/web@{DIGEST}");
    let cases = [
        ("ghcr.io/acme/web:1.4.2", ["", "1.4.3", ""], "ghcr.io/acme/web:1.4.3"),
        ("ghcr.io/acme/web", ["", "1.4.3", ""], "ghcr.io/acme/web:1.4.3"),
        (&pinned, ["", "1.4.3", ""], "ghcr.io/acme/web:1.4.3"), // The digest was that of the old image.
        (&pinned, ["", "", DIGEST], &bare),
        (&pinned, ["", "1.4.3", DIGEST], &new),
        ("ghcr.io/acme/web:1.4.2", ["registry:5000/web", "1", ""], "registry:5000/web:1"),
        ("registry:5000/web", ["", "1", ""], "registry:5000/web:1"),
        ("PLACEHOLDER", ["web", "1", ""], "web:1"),
    ];
    for (old, parts, new) in cases {
        let text =
            format!("kind: Pod\nspec:\n  containers:\n  # ours\n  - image: {old} # by CI\n    name: web\n");
        let release = release(Format::Reference, "spec.containers[name=web].image", parts);
        assert_eq!(written(&release, &text), text.replace(old, new), "{parts:?}");
    }
}

#[test]
fn tags_and_digests_alone() {
    let text = format!("image:\n  tag: 1.4.2   # c\n  digest: '{OTHER}'\n");
    let tag = release(Format::Tag, "image.tag", ["", "1.5", ""]);
    assert_eq!(written(&tag, &text), text.replace("1.4.2", "\"1.5\""));
    let digest = release(Format::Digest, "image.digest", ["", "", DIGEST]);
    assert_eq!(written(&digest, &text), text.replace(OTHER, DIGEST));
}

const KUSTOMIZATION: &str = "\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- ../base # shared
images:
# the shop
- name: web
  newName: ghcr.io/acme/web
  newTag: 1.4.2 # by CI
- digest: sha256:2222222222222222222222222222222222222222222222222222222222222222
  name: worker
# the end
replicas:
- name: web
  count: 2
";

#[test]
fn entries_of_kustomizations() {
    let entry = |name: &str, parts| release(Format::Kustomize, &format!("images[name={name}]"), parts);
    let cases = [
        (
            entry("web", ["", "1.4.3", ""]),
            "  newTag: 1.4.2 # by CI\n",
            "  newTag: 1.4.3 # by CI\n".to_owned(),
        ),
        (entry("web", ["", "", DIGEST]), "  newTag: 1.4.2 # by CI\n", format!("  digest: {DIGEST}\n")),
        (
            entry("web", ["registry:5000/web", "1.4.3", ""]),
            "  newName: ghcr.io/acme/web\n  newTag: 1.4.2 #",
            "  newName: registry:5000/web\n  newTag: 1.4.3 #".to_owned(),
        ),
        (
            entry("web", ["", "1.4.3", DIGEST]),
            "  newTag: 1.4.2 # by CI\n",
            format!("  newTag: 1.4.3 # by CI\n  digest: {DIGEST}\n"),
        ),
        (
            entry("worker", ["", "2.0", ""]),
            "- digest: sha256:2222222222222222222222222222222222222222222222222222222222222222\n  name: worker\n",
            "- name: worker\n  newTag: \"2.0\"\n".to_owned(),
        ),
        (
            entry("worker", ["", "", DIGEST]),
            "- digest: sha256:2222222222222222222222222222222222222222222222222222222222222222\n",
            format!("- digest: {DIGEST}\n"),
        ),
        (
            entry("ghcr.io/acme/api", ["", "1", ""]),
            "  name: worker\n",
            "  name: worker\n- name: ghcr.io/acme/api\n  newTag: \"1\"\n".to_owned(),
        ),
        (
            entry("worker", ["registry/worker", "", ""]),
            "  name: worker\n",
            "  name: worker\n  newName: registry/worker\n".to_owned(),
        ),
    ];
    for (release, old, new) in cases {
        let expected = KUSTOMIZATION.replacen(old, &new, 1);
        assert_ne!(expected, KUSTOMIZATION, "{release:?}");
        assert_eq!(written(&release, KUSTOMIZATION), expected);
        let crlf = KUSTOMIZATION.replace('\n', "\r\n");
        assert_eq!(written(&release, &crlf), expected.replace('\n', "\r\n"));
    }
    let first = entry("web", ["", "v1", ""]);
    assert_eq!(
        written(&first, "resources:\n  - a\n"),
        "resources:\n  - a\nimages:\n  - name: web\n    newTag: v1\n"
    );
    assert_eq!(written(&first, "images: [{name: web, digest: x}]"), "images: [{name: web, newTag: v1}]");
}

#[test]
fn values_of_charts() {
    let values = |parts| release(Format::Helm, "image", parts);
    let text = format!(
        "# values\nimage:\n  repository: acme/web\n  tag: \"1.4.2\"\n  digest: {OTHER}\n  pullPolicy: Always # x\nmore: 1\n"
    );
    let cases = [
        (values(["", "1.4.3", DIGEST]), text.replace("1.4.2", "1.4.3").replace(OTHER, DIGEST)),
        // A digest that stayed would win over the tag.
        (values(["", "1.4.3", ""]), text.replace("1.4.2", "1.4.3").replace(OTHER, "\"\"")),
        (values(["", "", DIGEST]), text.replace(OTHER, DIGEST)),
        (values(["registry:5000/web", "", ""]), text.replace("acme/web", "registry:5000/web")),
    ];
    for (release, expected) in cases {
        assert_eq!(written(&release, &text), expected);
    }
    let short = "image:\n  repository: acme/web # c\n";
    assert_eq!(written(&values(["", "1.4", ""]), short), format!("{short}  tag: \"1.4\"\n"));
    assert_eq!(written(&values(["", "1.4.3", ""]), "image: {}"), "image: {tag: 1.4.3}");
    assert_eq!(written(&values(["", "v1", ""]), "image: {tag: , digest: }"), "image: {tag: v1 , digest: }");
}

#[test]
fn a_number_is_no_tag() {
    let release = release(Format::Tag, "tag", ["", "1.4", ""]);
    assert!(!release.is_written("tag: 1.4\n"), "Helm would read 1.40 as 1.4");
    assert_eq!(release.found("tag: 1.4\n").unwrap().unwrap().tag.as_deref(), Some("1.4"));
    assert_eq!(written(&release, "tag: 1.4\n"), "tag: \"1.4\"\n");
}

#[test]
fn what_an_import_makes_of_a_place() {
    let text = format!(
        "image: redis\ntag: redis\nreference: a/b:1\ndigest: {DIGEST}\nempty:\nimages:\n- name: a/b\n  newTag: v1\n\
         helm:\n  repository: c\n  tag: ~\n  digest: ''\nlist: []\n"
    );
    let cases = [
        ("image", Format::Reference, ["redis", "", ""]),
        ("tag", Format::Tag, ["", "redis", ""]),
        ("reference", Format::Reference, ["a/b", "1", ""]),
        ("digest", Format::Digest, ["", "", DIGEST]),
        ("empty", Format::Reference, ["", "", ""]),
        ("images[name='a/b']", Format::Kustomize, ["", "v1", ""]),
        ("images[0]", Format::Helm, ["", "", ""]),
        ("helm", Format::Helm, ["c", "", ""]),
        ("list", Format::Helm, ["", "", ""]),
    ];
    for (path, format, parts) in cases {
        let expected = release(format, path, parts);
        let Release { file, document, path, .. } = expected.clone();
        let imported = Release::imported(file, document, path, &text).unwrap();
        assert_eq!(imported, Some(expected));
    }
    let gone = release(Format::Tag, "helm.gone", ["", "", ""]);
    assert_eq!(Release::imported(gone.file, None, gone.path, &text).unwrap(), None);
}

#[test]
fn messages() {
    let told = |(attribute, error): (&str, Error)| {
        format!("{attribute}: {error}\n  {}", error.hint().unwrap_or_default())
    };
    let problems = |format: Format, path: &str, parts| {
        let Release { path, parts, .. } = release(format, path, parts);
        let wrong = parts.problems().into_iter().chain(format.problems(&parts));
        let wrong = wrong.chain(format.check(&path).err().map(|error| ("path", error)));
        wrong.map(told).collect::<Vec<_>>().join("\n")
    };
    let refused = |format, path: &str, parts, text: &str| {
        let error = release(format, path, parts).written(text).unwrap_err();
        told((error.attribute(), error))
    };
    let none = ["", "", ""];
    let tag = ["", "v1", ""];
    let cases = [
        problems(Format::Reference, "image", none),
        problems(Format::Tag, "image.tag", ["web", "", ""]),
        problems(Format::Digest, "image.digest", tag),
        problems(Format::Kustomize, "images[0]", tag),
        problems(Format::Kustomize, "images", none),
        problems(Format::Helm, "image", ["Web", "a b", "sha256:0"]),
        problems(Format::Reference, "image", ["web:1", "1", ""]),
        refused(Format::Reference, "image", tag, "image: a b\n"),
        refused(Format::Reference, "image", tag, "image: {a: b}\n"),
        refused(Format::Reference, "other.image", tag, "image: a\n"),
        refused(Format::Helm, "image", tag, "image: web:1\n"),
        refused(Format::Helm, "image", tag, "images: []\n"),
        refused(Format::Kustomize, "images[name=web]", tag, "images: {}\n"),
        refused(Format::Kustomize, "a.images[name=web]", tag, "b: 1\n"),
        refused(Format::Tag, "a", tag, "a: 1\n---\nkind: B\nmetadata: {name: b}\n"),
        refused(Format::Tag, "a", tag, "a: {{ .Values.a }}:b\n"),
    ];
    insta::assert_snapshot!(cases.join("\n"), @r#"
    format: `format = "reference"` needs `tag` or `digest`
      Give it, or choose the `format` of what stands at `path`.
    format: `format = "tag"` needs `tag`
      Give it, or choose the `format` of what stands at `path`.
    image: `format = "tag"` has no place for `image`
      Leave it out, or choose `format = "reference"` where the whole reference stands at `path`.
    format: `format = "digest"` needs `digest`
      Give it, or choose the `format` of what stands at `path`.
    tag: `format = "digest"` has no place for `tag`
      Leave it out, or choose `format = "reference"` where the whole reference stands at `path`.
    path: `images[0]` names no entry of a kustomization's `images`
      An entry is named as in `images[name=ghcr.io/acme/web]`, by the name that the manifests have.
    format: `format = "kustomize"` needs `image` or `tag` or `digest`
      Give it, or choose the `format` of what stands at `path`.
    path: `images` names no entry of a kustomization's `images`
      An entry is named as in `images[name=ghcr.io/acme/web]`, by the name that the manifests have.
    image: `Web` is not an image name: its name is not made of lower-case letters and digits, with single `.`, `_` or dashes between
      An image name looks like `registry.example:5000/team/app`.
    tag: `a b` is not an image tag: it is not made of at most 128 letters, digits, `_`, `.` and `-`, or begins with a dot or a dash
      A tag looks like `1.2.3`.
    digest: `sha256:0` is not an image digest: it is not the name of a hash, a colon and the hash in lower-case hexadecimal digits
      A digest is `sha256:` and 64 hexadecimal digits.
    image: `web:1` is not an image name: it has a tag or a digest, which are given apart
      An image name looks like `registry.example:5000/team/app`.
    path: `apps/web.yaml`: what is at `image` is not an image reference, whose name could stay
      Give the name as `image`.
    path: `apps/web.yaml`: `image` (line 1) is a mapping, not a single value
      Choose another path, or the `format` of what stands there.
    path: `apps/web.yaml`: `other.image` is not there: the document (line 1) has only `image`
      Correct the path, or commit what is missing first.
    path: `apps/web.yaml`: `image` (line 1) is a single value, not a mapping
      Choose another path, or the `format` of what stands there.
    path: `apps/web.yaml`: `image.tag` is not there: the document (line 1) has only `images`
      Correct the path, or commit what is missing first.
    path: `apps/web.yaml`: `images` (line 1) is a mapping, not a list
      Choose another path, or the `format` of what stands there.
    path: `apps/web.yaml`: `a.images` is not there: the document (line 1) has only `b`
      Correct the path, or commit what is missing first.
    document: `apps/web.yaml`: it has 2 documents: 0, 1 (B/b)
      Say which one is meant: `Kind/name`, or its number.
    file: `apps/web.yaml`: line 1 is not YAML: while parsing a block mapping, did not find expected key
      Correct the file. If it is a template with `{{ … }}`, write to the values that it takes instead.
    "#);
    let good = [
        problems(Format::Reference, "image", ["web", "", DIGEST]),
        problems(Format::Tag, "a", tag),
        problems(Format::Digest, "a", ["", "", DIGEST]),
        problems(Format::Kustomize, "spec.images[name=web]", ["web", "", ""]),
        problems(Format::Helm, "image", ["web", "1", DIGEST]),
    ];
    assert_eq!(good.concat(), "");
}
