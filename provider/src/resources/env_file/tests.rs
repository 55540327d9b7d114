//! The resource on a real disk: what is written, what shows, and what users read.

use super::*;
use crate::resources::life::Object;
use crate::resources::rig::shown;
use crate::secret_values::unknown::{FILE_LACKS, map, told};
use serde_json::{Value as Json, json};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::Arc;
use tfplugin_rs::value::Value;

/// A machine with a directory for files, and who runs there.
struct Host {
    dir: tempfile::TempDir,
    provider: Arc<Gitops>,
}

impl Host {
    fn new() -> Self {
        let provider = Arc::new(Gitops::in_environment(&[]).unwrap());
        Self { dir: tempfile::tempdir().unwrap(), provider }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join(".env")
    }

    fn config(&self, more: &Json) -> Json {
        let mut config =
            json!({"path": self.path(), "data_wo": {"USER": "shop", "PASSWORD": "it's hunter2"}});
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    }

    /// What the file says of the user, and its permissions.
    fn user(&self) -> String {
        let text = fs::read_to_string(self.path()).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("USER=")).unwrap();
        format!("{line} {:o}", fs::metadata(self.path()).unwrap().permissions().mode() & 0o7777)
    }

    /// What is told, as it is on every machine.
    fn told(&self, object: &Object) -> String {
        let text = shown(&object.told).replace(&self.dir.path().display().to_string(), "DIR");
        assert!(!text.contains("hunter2"), "{text}");
        text
    }
}

#[tokio::test]
async fn a_file_lives_and_dies() {
    let (host, mut object) = (Host::new(), Object::new::<EnvFile>());
    let one = host.config(&json!({}));
    assert!(object.apply(&host.provider, &one).await);
    assert_eq!((host.told(&object), host.user()), (String::new(), "shop 600".to_owned()));
    assert!(!object.json().contains("hunter2") && object.json().contains("\"keys\":[\"PASSWORD\",\"USER\"]"));
    assert!(object.plan(&host.provider, &one).await.is_none());

    let two = host.config(&json!({"data_wo": {"USER": "web"}}));
    let print = object.get("fingerprint");
    assert!(object.apply(&host.provider, &two).await);
    assert_eq!(host.user(), "web 600");
    assert_ne!(object.get("fingerprint"), print);
    assert!(object.plan(&host.provider, &two).await.is_none());

    object.destroy(&host.provider).await;
    assert_eq!(host.told(&object), "");
    assert_eq!(fs::read_dir(host.dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn what_a_hand_does_shows_and_is_repaired() {
    let (host, mut object) = (Host::new(), Object::new::<EnvFile>());
    let numbered = host.config(&json!({"data_wo_revision": 1}));
    for config in [host.config(&json!({})), numbered] {
        object.apply(&host.provider, &config).await;
        let text = fs::read_to_string(host.path()).unwrap();
        for changed in [
            text.replace("shop", "theirs"),
            text.replace("USER=shop\n", ""),
            format!("{text}OTHER=x\n"),
            format!("{text}OTHER=$(id)\n"),
            text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect(),
            "USER=theirs\n".to_owned(),
        ] {
            fs::write(host.path(), &changed).unwrap();
            let marked = changed.contains("/owner: ");
            let takes = if marked { json!({}) } else { json!({"take_ownership": true}) };
            let mut config = config.clone();
            config.as_object_mut().unwrap().extend(takes.as_object().unwrap().clone());
            assert!(object.apply(&host.provider, &config).await, "{changed}");
            assert_eq!(
                (host.told(&object), host.user()),
                (String::new(), "shop 600".to_owned()),
                "{changed}"
            );
            assert!(object.plan(&host.provider, &config).await.is_none());
        }
        for mode in [0o644, 0o660, 0o400] {
            fs::set_permissions(host.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert!(object.apply(&host.provider, &config).await, "{mode:o}");
            assert_eq!(host.user(), "shop 600");
        }
        fs::remove_file(host.path()).unwrap();
        assert!(object.apply(&host.provider, &config).await);
        assert_eq!(host.user(), "shop 600");
    }
}

#[tokio::test]
async fn with_a_number_only_the_number_counts() {
    let (host, mut object) = (Host::new(), Object::new::<EnvFile>());
    let with = |number: i64, user: &str| {
        host.config(&json!({"data_wo_revision": number, "data_wo": {"USER": user}}))
    };
    object.apply(&host.provider, &with(1, "shop")).await;
    assert!(!object.apply(&host.provider, &with(1, "web")).await);
    assert_eq!(host.user(), "shop 600");
    assert!(object.apply(&host.provider, &with(2, "web")).await);
    assert_eq!(host.user(), "web 600");
}

#[tokio::test]
async fn what_something_else_made_is_left_alone_or_imported() {
    let (host, config) = (Host::new(), Host::config);
    let config = config(&host, &json!({}));
    fs::write(host.path(), "USER=theirs\n").unwrap();
    let mut object = Object::new::<EnvFile>();
    object.apply(&host.provider, &config).await;
    assert!(object.state.is_null());
    insta::assert_snapshot!(host.told(&object), @"
    path: The file exists and is not ours
    `DIR/.env` was made by something else. Nothing was written. If it is to be of this resource, import it with the id `DIR/.env`; to replace it, set `take_ownership = true`.
    ");
    assert_eq!(fs::read_to_string(host.path()).unwrap(), "USER=theirs\n");

    object.import(&host.provider, &host.path().display().to_string()).await.unwrap();
    assert!(object.apply(&host.provider, &config).await);
    assert_eq!((host.told(&object), host.user()), (String::new(), "shop 600".to_owned()));

    // The import of what is there already plans nothing.
    object.import(&host.provider, &host.path().display().to_string()).await.unwrap();
    assert!(object.plan(&host.provider, &config).await.is_none(), "{}", host.told(&object));

    let told = host.config(&json!({"required_keys": ["USER"]}));
    assert!(object.apply(&host.provider, &told).await);

    fs::write(host.path(), "USER=theirs\n").unwrap();
    object.destroy(&host.provider).await;
    insta::assert_snapshot!(host.told(&object), @"
    path: The file stays
    `DIR/.env` does not carry the mark of this resource: something else took its place. It was left as it is.
    ");
    assert_eq!(fs::read_to_string(host.path()).unwrap(), "USER=theirs\n");
}

#[tokio::test]
async fn what_is_in_the_way_is_named() {
    let host = Host::new();
    let told = async |config: Json| {
        let mut object = Object::new::<EnvFile>();
        object.apply(&host.provider, &config).await;
        assert!(object.state.is_null());
        host.told(&object)
    };
    let elsewhere = |path: PathBuf, more: Json| {
        let mut config = host.config(&more);
        config["path"] = json!(path);
        config
    };
    fs::write(host.dir.path().join("real"), "theirs").unwrap();
    symlink(host.dir.path().join("real"), host.path()).unwrap();
    let below = host.dir.path().join("none/.env");
    let said = [
        told(host.config(&json!({"take_ownership": true}))).await,
        told(elsewhere(host.dir.path().to_owned(), json!({}))).await,
        told(elsewhere(below.clone(), json!({}))).await,
    ];
    insta::assert_snapshot!(said.join("\n===\n"));
    assert_eq!(fs::read_to_string(host.dir.path().join("real")).unwrap(), "theirs");
    assert_eq!(told_none(&host, &elsewhere(below.clone(), json!({"create_directory": true}))).await, "");
    assert!(below.is_file());
}

async fn told_none(host: &Host, config: &Json) -> String {
    let mut object = Object::new::<EnvFile>();
    object.apply(&host.provider, config).await;
    host.told(&object)
}

#[test]
fn what_cannot_be_is_told_at_once() {
    let object = Object::new::<EnvFile>();
    let said = [
        json!({"path": "/srv/shop/"}),
        json!({"path": "a", "data_wo": {"A B": "hunter2", "C": "hunter2\r"}, "required_keys": ["D"]}),
    ]
    .map(|config| shown(&object.validate(&config)));
    assert!(!said.join("").contains("hunter2"));
    insta::assert_snapshot!(said.join("\n===\n"));
    let Err(problem) = EnvFile::parse_import_id("/srv/") else { panic!("an id") };
    insta::assert_snapshot!(shown(&[problem]));
}

#[test]
fn values_of_more_than_a_mebibyte_are_refused() {
    let large = json!({"path": "a", "data_wo": {"A": "x".repeat(1 << 20), "B": "y"}});
    insta::assert_snapshot!(shown(&Object::new::<EnvFile>().validate(&large)), @"
    data_wo: The values have 1048577 bytes, more than the 1048576 that are written
    Is it a file that should be mounted?
    ");
}

/// Of values that are not known yet the names are, and one that is missing fails the plan.
#[test]
fn required_names_are_looked_for_where_values_are_not_known() {
    let cases = [
        ("its value is not known", map(&[("TOKEN", None)]), ""),
        ("it is known, another is not", map(&[("OTHER", None), ("TOKEN", Some("1"))]), ""),
        ("nothing is known", Value::unknown(), ""),
        ("only another is there", map(&[("OTHER", None)]), FILE_LACKS),
        ("it is empty", map(&[("OTHER", None), ("TOKEN", Some(""))]), FILE_LACKS),
    ];
    for (what, values, expected) in cases {
        let config = [("path", "/srv/shop/.env".into()), ("data_wo", values)];
        assert_eq!(told::<EnvFile>(&config), expected, "{what}");
    }
}

/// An apply that learns only then what they are makes nothing, the directory neither.
#[tokio::test]
async fn required_names_are_demanded_before_anything_is_made() {
    let (host, mut object) = (Host::new(), Object::new::<EnvFile>());
    let config = json!({
        "path": host.dir.path().join("none/.env"), "create_directory": true, "data_wo": {"TOKEN": ""},
        "required_keys": ["TOKEN"],
    });
    object.apply(&host.provider, &config).await;
    assert!(object.state.is_null());
    assert_eq!(fs::read_dir(host.dir.path()).unwrap().count(), 0);
    insta::assert_snapshot!(host.told(&object), @"
    required_keys: The file lacks `TOKEN`
    Is the variable that holds the value set in this environment?
    ");
}
