use super::*;

#[test]
fn a_file_says_all_of_it() {
    let version = ProductVersion {
        name: Name::parse("nextcloud/1.2.3").unwrap(),
        chart: Chart::Own { path: "charts/nextcloud".into() },
        default_values: json!({"replicas": 1}),
    };
    let text = version.file().unwrap();
    insta::assert_snapshot!(text, @r#"
        # managed by gitops_product_version nextcloud/1.2.3
        chart:
          path: charts/nextcloud
        default_values:
          replicas: 1
        product: nextcloud
        version: "1.2.3"
        "#);
    let path = version.name.path("products").unwrap();
    assert_eq!(path.as_str(), "products/nextcloud/1.2.3.yaml");
    assert_eq!(ProductVersion::of(&version.name, &path, &text).unwrap(), version);
    let plain = ProductVersion { default_values: Value::Null, ..version };
    assert_eq!(ProductVersion::of(&plain.name, &path, &plain.file().unwrap()).unwrap(), plain);
}

#[test]
fn names() {
    for name in ["", "a", "a/", "/b", "a/b/c", "a/..", "../b", "a/.b", "a/b ", "ä/b", "a/b\n"] {
        assert!(Name::parse(name).is_err(), "{name:?}");
    }
    let name = Name::parse("next-cloud/1.2.3+build.4").unwrap();
    assert_eq!(name.path("products").unwrap().as_str(), "products/next-cloud/1.2.3+build.4.yaml");
}

#[test]
fn files_that_are_none() {
    let name = Name::parse("a/1").unwrap();
    let path = name.path("products").unwrap();
    let texts = [
        "[]",
        "product: a\nversion: '2'\n",
        "product: a\nversion: '1'\n",
        "product: a\nversion: '1'\nchart: {path: c}\ndefault_values: 3\n",
    ];
    let told = texts.map(|text| ProductVersion::of(&name, &path, text).unwrap_err().to_string());
    insta::assert_snapshot!(told.join("\n"), @"
        `products/a/1.yaml` is not a product version: its `product` and `version` are not those of its path
        `products/a/1.yaml` is not a product version: its `product` and `version` are not those of its path
        `products/a/1.yaml` is not a product version: its `chart` is not fully named. Give `path` for a chart in the platform repository, `repo_url`, `name` and `version` for one in a Helm repository, or `repo_url`, `path` and `version` for one in another Git repository.
        `products/a/1.yaml` is not a product version: its `default_values` are not a mapping
        ");
}
