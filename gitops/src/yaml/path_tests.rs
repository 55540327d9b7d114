use super::*;
use proptest::prelude::*;

#[test]
fn spellings() {
    let cases = [
        ("image.tag", "image.tag"),
        ("images[0].newTag", "images[0].newTag"),
        ("spec.containers[name=app].image", "spec.containers[name=app].image"),
        ("images[name=ghcr.io/acme/web]", "images[name=ghcr.io/acme/web]"),
        ("images[name='reg:5000/a']", "images[name=reg:5000/a]"),
        ("a[\"b c\"='d]e'].f", "a[\"b c\"=\"d]e\"].f"),
        (
            "metadata.annotations['app.kubernetes.io/version']",
            "metadata.annotations.\"app.kubernetes.io/version\"",
        ),
        (
            "metadata.annotations.\"app.kubernetes.io/version\"",
            "metadata.annotations.\"app.kubernetes.io/version\"",
        ),
        ("a.'say \"no\"'", "a.'say \"no\"'"),
        ("\"\"", "\"\""),
        ("[1][2]", "[1][2]"),
        ("größe.日本", "größe.日本"),
        ("a-b/c_d:e", "a-b/c_d:e"),
    ];
    for (text, expected) in cases {
        let path = Path::parse(text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(path.to_string(), expected, "{text}");
        assert_eq!(Path::parse(&path.to_string()), Ok(path), "{text}");
    }
}

#[test]
fn what_is_no_path() {
    let long = "a".repeat(MAX + 1);
    let cases = [
        "",
        ".",
        "a.",
        "a..b",
        "a b",
        "a[",
        "a[]",
        "a[-1]",
        "a[x]",
        "a[*]",
        "a[x=]",
        "a[0",
        "a[0]b",
        "a\"b\"",
        "\"a",
        "a]",
        "a=b",
        "a[99999999999999999999999]",
        &long,
    ];
    let text: Vec<_> = cases
        .iter()
        .map(|case| Path::parse(case).unwrap_err().to_string().replace(&long[..80], "aaa"))
        .collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
        `` is not a path in a YAML document: it is empty (character 1)
        `.` is not a path in a YAML document: a key is empty (character 1)
        `a.` is not a path in a YAML document: a key is empty (character 3)
        `a..b` is not a path in a YAML document: a key is empty (character 3)
        `a b` is not a path in a YAML document: a dot or a bracket is expected (character 2)
        `a[` is not a path in a YAML document: nothing is between the brackets (character 3)
        `a[]` is not a path in a YAML document: nothing is between the brackets (character 3)
        `a[-1]` is not a path in a YAML document: brackets hold a number, `key=value`, or a key in quotes (character 5)
        `a[x]` is not a path in a YAML document: brackets hold a number, `key=value`, or a key in quotes (character 4)
        `a[*]` is not a path in a YAML document: brackets hold a number, `key=value`, or a key in quotes (character 4)
        `a[x=]` is not a path in a YAML document: nothing is after the equals sign (character 5)
        `a[0` is not a path in a YAML document: a bracket is not closed (character 4)
        `a[0]b` is not a path in a YAML document: a dot or a bracket is expected (character 5)
        `a\"b\"` is not a path in a YAML document: a dot or a bracket is expected (character 2)
        `\"a` is not a path in a YAML document: a quote is not closed (character 2)
        `a]` is not a path in a YAML document: a dot or a bracket is expected (character 2)
        `a=b` is not a path in a YAML document: a dot or a bracket is expected (character 2)
        `a[99999999999999999999999]` is not a path in a YAML document: brackets hold a number, `key=value`, or a key in quotes (character 26)
        `aaa…` is not a path in a YAML document: it is longer than 1024 characters (character 1)
        "#);
}

proptest! {
    #[test]
    fn what_is_displayed_is_read_again(text in "[a.\\[\\]\"'= 0-9é]{1,12}") {
        if let Ok(path) = Path::parse(&text) {
            prop_assert_eq!(Path::parse(&path.to_string()), Ok(path));
        }
    }

    #[test]
    fn nothing_panics(text in ".{0,40}") {
        let _ = Path::parse(&text);
    }
}
