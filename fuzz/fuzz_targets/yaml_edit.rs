//! Files of YAML that are edited: no panic, and what was written at a place is found there.
#![cfg_attr(feature = "link", no_main)]

use gitops::yaml::{Path, Value, Yaml};
use std::sync::LazyLock;

static PATHS: LazyLock<Vec<Path>> = LazyLock::new(|| {
    let paths = ["hosts[0]", "image.tag", "hosts", "a.b[1]", "c", "added"];
    paths.iter().map(|path| Path::parse(path).expect("a path")).collect()
});

gitops_fuzz::target!(|text: &str| {
    let Ok(yaml) = Yaml::parse(text, None) else { return };
    for path in &*PATHS {
        let _ = (yaml.get(path), yaml.clone().remove(path), yaml.clone().append(path, &[("name", "x")]));
        let mut edited = yaml.clone();
        if edited.set_or_nest(path, "it's: new").is_ok() {
            let found = edited.get(path);
            let is_new = matches!(&found, Ok(Some(Value::Scalar(scalar))) if scalar.text == "it's: new");
            assert!(is_new, "{path}: {found:?} in {:?}", edited.text());
        }
    }
});
