//! References taken apart and put together again.

use super::*;
use proptest::prelude::*;

#[test]
fn references_and_their_parts() {
    let digest = format!("sha256:{}", "0a".repeat(32));
    let pinned = format!("quay.io/argoproj/argocd:v3.5.3@{digest}");
    let cases = [
        ("redis", ("docker.io", "library/redis", None, None)),
        ("redis:8.2", ("docker.io", "library/redis", Some("8.2"), None)),
        ("dexidp/dex:v2", ("docker.io", "dexidp/dex", Some("v2"), None)),
        ("localhost/app", ("localhost", "app", None, None)),
        ("localhost:5001/a/b:x", ("localhost:5001", "a/b", Some("x"), None)),
        ("registry:5000/app", ("registry:5000", "app", None, None)),
        ("Registry/app", ("Registry", "app", None, None)),
        ("[::1]:5000/app", ("[::1]:5000", "app", None, None)),
        ("ghcr.io/a__b/c-d.e---f:1", ("ghcr.io", "a__b/c-d.e---f", Some("1"), None)),
        (&pinned, ("quay.io", "argoproj/argocd", Some("v3.5.3"), Some(digest.as_str()))),
    ];
    for (image, (registry, repository, tag, digest)) in cases {
        let expected = ImageRef {
            registry: registry.into(),
            repository: repository.into(),
            tag: tag.map(Into::into),
            digest: digest.map(Into::into),
        };
        assert_eq!(ImageRef::parse(image), Ok(expected), "{image}");
    }
}

#[test]
fn one_image_in_other_words() {
    let digest = |letter: &str| format!("@sha256:{}", letter.repeat(64));
    let (a, b) = (digest("a"), digest("b"));
    for (one, other, expected) in [
        ("kindest/node:v1", "docker.io/kindest/node:v1", true),
        ("nginx:1", "docker.io/library/nginx:1", true),
        ("docker.io/nginx:1", "nginx:1", true),
        ("kindest/node:v1", "kindest/node:v2", false),
        ("kindest/node:v1", "ghcr.io/kindest/node:v1", false),
        ("localhost/node:v1", "node:v1", false),
        (&*format!("kindest/node:v1{a}"), &*format!("docker.io/kindest/node{a}"), true),
        (&*format!("kindest/node:v1{a}"), &*format!("kindest/node:v1{b}"), false),
        (&*format!("kindest/node:v1{a}"), "kindest/node:v1", true),
        ("-", "-", true),
        ("-", "_", false),
    ] {
        assert_eq!((same(one, other), same(other, one)), (expected, expected), "{one} and {other}");
    }
}

#[test]
fn what_is_no_reference() {
    let long = format!("ghcr.io/{}", "a".repeat(250));
    let cases = [
        "",
        ":8",
        "redis:",
        "redis:-a",
        "Redis",
        "a//b",
        "/a",
        "a/",
        "a_-b",
        "a..b",
        "ghcr.io/A",
        "ghcr.io/",
        "https://ghcr.io/a",
        "ghcr.io:x/a",
        "-x.io/a",
        "[::1/a",
        "[]/a",
        "redis@sha256:00",
        "redis@",
        "a b",
        "аpp",
        &long,
    ];
    for image in cases {
        assert!(ImageRef::parse(image).is_err(), "{image:?}");
    }
    insta::assert_snapshot!(ImageRef::parse("Redis\n").unwrap_err(), @r"
        `Redis\n` is not an image reference: its name is not made of lower-case letters and digits, with single `.`, `_` or dashes between
        ");
}

#[test]
fn parts_alone() {
    assert_eq!(check_name("registry:5000/a").and(check_tag("1.2_3-rc.1")), Ok(()));
    assert_eq!(check_digest(&format!("sha512:{}", "0a".repeat(64))), Ok(()));
    let long = "a".repeat(129);
    let wrong = [
        check_name("redis:8"),
        check_name("Redis"),
        check_name(""),
        check_tag("-a"),
        check_tag(""),
        check_tag("a/b"),
        check_tag(&long),
        check_digest("sha256:00"),
        check_digest(&format!("sha256:{}", "A".repeat(64))),
    ];
    let text = wrong.map(|wrong| wrong.unwrap_err().to_string()).join("\n");
    insta::assert_snapshot!(text, @"
        `redis:8` is not an image name: it has a tag or a digest, which are given apart
        `Redis` is not an image name: its name is not made of lower-case letters and digits, with single `.`, `_` or dashes between
        `` is not an image name: its name is not made of lower-case letters and digits, with single `.`, `_` or dashes between
        `-a` is not an image tag: it is not made of at most 128 letters, digits, `_`, `.` and `-`, or begins with a dot or a dash
        `` is not an image tag: it is not made of at most 128 letters, digits, `_`, `.` and `-`, or begins with a dot or a dash
        `a/b` is not an image tag: it is not made of at most 128 letters, digits, `_`, `.` and `-`, or begins with a dot or a dash
        `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` is not an image tag: it is not made of at most 128 letters, digits, `_`, `.` and `-`, or begins with a dot or a dash
        `sha256:00` is not an image digest: it is not the name of a hash, a colon and the hash in lower-case hexadecimal digits
        `sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA` is not an image digest: it is not the name of a hash, a colon and the hash in lower-case hexadecimal digits
        ");
}

proptest! {
    /// Whatever is taken says the same again, written out in full.
    #[test]
    fn what_is_read_can_be_written(image in "([a-zA-Z.]{1,5}(:[0-9]{2})?/)?[a-z_.-]{1,6}(/[a-z]{1,3})?(:[a-z.]{1,3})?") {
        if let Ok(parts) = ImageRef::parse(&image) {
            let tag = parts.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
            let full = format!("{}/{}{tag}", parts.registry, parts.repository);
            prop_assert!(full.ends_with(&image));
            prop_assert_eq!(ImageRef::parse(&full), Ok(parts));
            let (name, tag, digest) = split(&image);
            prop_assert_eq!(join(name, tag, digest), image);
        }
    }

    #[test]
    fn nothing_panics(image in ".{0,300}") {
        let _ = ImageRef::parse(&image);
    }
}
