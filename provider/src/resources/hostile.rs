//! Ten thousand names that nobody should be able to give, and good ones among them, through what each resource checks
//! of a configuration: every bad one is refused there, on its attribute, and no good one is.
//!
//! The judges are others: what makes a name bad is how it was made, and what passes must be to Git's liking, by
//! `update-index` with all its protections and by `fsck`. `GITOPS_TEST_SEED` makes others.

use super::*;
use gitops_acceptance_tests::Random;
use gitops_acceptance_tests::git_server::{Bare, git};
use gitops_acceptance_tests::hostile::names::{Name, id, path, version};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;
use tfplugin_rs::resource::{DynResource, Resource, erase};
use tfplugin_rs::value::Path;

/// How many names of each of the two kinds, and how many product versions.
const IDS: usize = 4_500;
const PATHS: usize = 4_500;
const VERSIONS: usize = 1_000;

#[expect(clippy::disallowed_methods, reason = "the one switch of this test")]
fn random() -> Random {
    let given = std::env::var("GITOPS_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or(1);
    println!("GITOPS_TEST_SEED={seed}");
    Random::new(seed)
}

/// The attributes of which `config` is refused.
fn refused(resource: &dyn DynResource<Gitops>, config: &Json) -> BTreeSet<String> {
    let config = resource.upgrade(0, config.to_string().as_bytes()).unwrap();
    let problems = resource.validate(&config);
    problems.iter().filter(|problem| problem.is_error()).map(|problem| problem.path.to_string()).collect()
}

/// Demands that of `config` the attribute `at` is refused if `name` is bad, and nothing if it is good.
fn judge(resource: &dyn DynResource<Gitops>, name: &Name, at: &str, config: &Json) {
    let found = refused(resource, config);
    let expected = if name.bad { BTreeSet::from([at.to_owned()]) } else { BTreeSet::new() };
    assert_eq!(found, expected, "{}.{at} = {:?} ({})", resource.kind(), name.text, name.why);
}

/// The same for many names that are keys of `attribute`.
fn judge_keys(resource: &dyn DynResource<Gitops>, names: &[Name], attribute: &str, config: &Json) {
    let found = refused(resource, config);
    let at = |name: &Name| Path::from(attribute).key(&name.text).to_string();
    for name in names {
        assert_eq!(found.contains(&at(name)), name.bad, "{} ({})", at(name), name.why);
    }
    let bad = names.iter().filter(|name| name.bad).map(at).collect::<BTreeSet<_>>();
    assert_eq!(found, bad);
}

/// A map of tenants in a place of any type, as a state has it.
fn of_any_type(tenants: Map<String, Json>) -> Json {
    json!({"type": ["map", ["object", {"chart": ["object", {"path": "string"}]}]], "value": tenants})
}

fn erased<R: Resource<Provider = Gitops>>() -> Box<dyn DynResource<Gitops>> {
    erase::<R>(R::KIND).unwrap()
}

#[test]
fn every_bad_id_is_refused_and_no_good_one() {
    let mut random = random();
    let (tenant, fleet) = (erased::<tenant::Tenant>(), erased::<tenant_fleet::TenantFleet>());
    let ids: Vec<Name> = (0..IDS).map(|_| id(&mut random)).collect();
    for id in &ids {
        judge(&*tenant, id, "tenant_id", &json!({"tenant_id": id.text, "chart": {"path": "charts/t"}}));
    }
    for ids in ids.chunks(500) {
        let tenants: Map<String, Json> =
            ids.iter().map(|id| (id.text.clone(), json!({"chart": {"path": "charts/t"}}))).collect();
        judge_keys(&*fleet, ids, "tenants", &json!({"name": "all", "tenants": of_any_type(tenants)}));
    }
    // A good id is also the name of a namespace, by the API server's own rule, and of a directory.
    let good = ids.iter().filter(|id| !id.bad);
    assert!(good.clone().count() > IDS / 10);
    to_gits_liking(good.map(|id| format!("{}/values.yaml", id.text)).collect());
}

#[test]
fn every_bad_path_is_refused_and_no_good_one() {
    let mut random = random();
    let paths: Vec<Name> = (0..PATHS).map(|number| path(&mut random, number)).collect();
    let files = erased::<files::Files>();
    for paths in paths.chunks(500) {
        let content: Map<String, Json> = paths.iter().map(|path| (path.text.clone(), json!(""))).collect();
        judge_keys(&*files, paths, "files", &json!({"name": "all", "files": content}));
    }
    let (tenant, fleet) = (erased::<tenant::Tenant>(), erased::<tenant_fleet::TenantFleet>());
    let (overlay, image) = (erased::<overlay::Overlay>(), erased::<image_release::ImageRelease>());
    let version = erased::<product_version::ProductVersion>();
    let sealed = erased::<sealed_secret::SealedSecretFile>();
    for (number, path) in paths.iter().enumerate() {
        let text = &path.text;
        // A directory of this name is another matter.
        if text.ends_with("/.gitattributes") {
            continue;
        }
        match number % 8 {
            0 => judge(
                &*overlay,
                path,
                "path",
                &json!({"name": "web", "path": text, "bases": ["https://git.example.com/base.git?ref=v1"]}),
            ),
            1 => {
                judge(&*image, path, "file", &json!({"file": text, "path": "image.tag", "tag": "1.0"}));
                let config = json!({"namespace": "shop", "name": "app", "path": text});
                judge(&*sealed, path, "path", &config);
            }
            2 => judge(&*tenant, path, "chart.path", &json!({"tenant_id": "a", "chart": {"path": text}})),
            3 => judge(
                &*version,
                path,
                "products_path",
                &json!({"product": "shop", "version": "1.0", "products_path": text, "chart": {"path": "charts/t"}}),
            ),
            4 => judge(
                &*fleet,
                path,
                "applications_path",
                &json!({"name": "all", "tenants": of_any_type(Map::new()), "applications_path": text}),
            ),
            number => {
                let attribute = ["instances_path", "applications_path", "products_path"][number - 5];
                let config = json!({"tenant_id": "a", "chart": {"path": "charts/t"}, (attribute): text});
                judge(&*tenant, path, attribute, &config);
            }
        }
    }
    let good: Vec<_> = paths.iter().filter(|path| !path.bad).map(|path| path.text.clone()).collect();
    assert!(good.len() > PATHS / 10);
    to_gits_liking(good);
}

/// A directory that is a path by itself, and leaves no room for the files in it.
#[test]
fn a_directory_without_room_is_refused() {
    let tenant = erased::<tenant::Tenant>();
    for (length, bad) in [(4_050, false), (4_096, true)] {
        for at in ["instances_path", "applications_path"] {
            let text = "d".repeat(50) + &"/d".repeat((length - 50) / 2);
            let name = Name { text, bad, why: "its length" };
            let config = json!({"tenant_id": "a", "chart": {"path": "charts/t"}, (at): name.text});
            judge(&*tenant, &name, at, &config);
        }
    }
}

#[test]
fn every_bad_product_version_is_refused_and_no_good_one() {
    let mut random = random();
    let resource = erased::<product_version::ProductVersion>();
    let mut good = Vec::new();
    for number in 0..VERSIONS {
        let name = version(&mut random);
        let (product, version, at) = match number % 2 {
            0 => (name.text.as_str(), "1.0", "product"),
            _ => ("shop", name.text.as_str(), "version"),
        };
        let config = json!({"product": product, "version": version, "chart": {"path": "charts/t"}});
        judge(&*resource, &name, at, &config);
        if !name.bad {
            good.push(format!("{product}/{version}.yaml"));
        }
    }
    assert!(good.len() > VERSIONS / 10);
    to_gits_liking(good);
}

/// Demands that Git takes all `paths`, with all its protections on, and finds nothing to say of them; and that it does
/// not take what it is to protect from, so that this says something.
fn to_gits_liking(paths: Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let bare = Bare::empty(&dir.path().join("p.git")).unwrap();
    for (name, value) in [("core.protectNTFS", "true"), ("core.protectHFS", "true")] {
        bare.git(&["config", name, value]).unwrap();
    }
    let blob = bare.git(&["hash-object", "-w", "/dev/null"]).unwrap();
    for bad in [".git/x", "a/.GIT", "a/../b", "git~1", ".g\u{200c}it", ".git ./x", ".git::$INDEX_ALLOCATION"]
    {
        let entry = format!("100644,{blob},{bad}");
        assert!(bare.git(&["update-index", "--add", "--cacheinfo", &entry]).is_err(), "git takes {bad:?}");
    }
    // Each below a directory of its own: among random names one may be the directory of another.
    let lines: BTreeSet<_> =
        paths.iter().enumerate().map(|(n, path)| format!("100644 {blob}\t{n}/{path}\0")).collect();
    let file = dir.path().join("index");
    std::fs::write(&file, lines.iter().map(String::as_str).collect::<String>()).unwrap();
    let index = gitops_acceptance_tests::Program::new("git")
        .args(["update-index", "-z", "--add", "--index-info"])
        .dir(bare.path())
        .input(std::fs::read(&file).unwrap())
        .run(&dir.path().join("log"));
    assert_eq!(index.code, Some(0), "{}", index.stderr);
    let tree = bare.git(&["write-tree"]).unwrap();
    let listed = git(bare.path(), &["ls-tree", "-r", "-z", "--name-only", &tree]).unwrap();
    assert_eq!(listed.split('\0').filter(|name| !name.is_empty()).count(), paths.len());
    let said = bare.git(&["fsck", "--strict", "--no-dangling"]).unwrap();
    assert_eq!(said, "");
}
