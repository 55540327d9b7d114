//! The life of sealing keys, and what users read of keys and backups that cannot be used.

mod told;

use super::super::life::Object;
use super::super::rig::cluster::Cluster;
use super::super::rig::{PASSWORD, Rig, shown};
use super::*;
use gitops::git::Settings;
use gitops::seal::keys::{SealingKey, read_backup, write_backup};
use gitops::sops::Recipient;
use serde_json::{Value as Json, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

/// Made for these tests, and of no other use.
const RECIPIENT: &str = "age1847y6tlue090ppcjsm6jwqswf8e5lwwqg9zm543zf8edcn88fsgskfqh0y";
const IDENTITY: &str = "AGE-SECRET-KEY-1LQ54U4CCKWF9DT6T4LKEWFKSP7Y2KFMD60SNEZMNJR2C4PZ8L60QMXY5MU";
const OTHER: &str = "AGE-SECRET-KEY-1DE02PW6LL593YJZC85SQMQ6J0Q6SGUWY3XLQJMX03GKGD6D955WQE3NF04";
const PLACE: &str = "backup/keys.yaml";

/// A cluster, a repository and a directory of this machine.
struct Stage {
    rig: Rig,
    cluster: Cluster,
}

impl Stage {
    async fn start() -> Self {
        Self { rig: Rig::start().await, cluster: Cluster::start().await }
    }

    /// The provider of another run of the CLI.
    fn run(&self) -> Arc<Gitops> {
        Arc::new(self.rig.gitops(PASSWORD, Settings::default()))
    }

    fn file(&self) -> PathBuf {
        self.rig.dir.path().join(PLACE)
    }

    /// A configuration with a backup in both places, and `more`.
    fn config(&self, more: Json) -> Json {
        let backup = json!({ "recipients": [RECIPIENT], "path": self.file(), "repository_path": PLACE });
        let mut config =
            json!({ "kubernetes": self.cluster.connection(), "backup": backup, "identities_wo": [IDENTITY] });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.rig.attributes("main", config)
    }

    /// The error of an apply, which writes nothing.
    async fn refusal(&self, config: &Json) -> String {
        let before = (self.rig.bare.head().unwrap(), self.cluster.secrets("kube-system"));
        let mut object = Object::new::<SealingKeys>();
        object.apply(&self.run(), config).await;
        let after = (self.rig.bare.head().unwrap(), self.cluster.secrets("kube-system"));
        assert!(before == after && object.state.is_null(), "something was written");
        self.rig.plain(&shown(&object.told))
    }
}

/// The private keys of the cluster, line by line as they are in PEM.
fn private_lines(stage: &Stage) -> Vec<String> {
    let keys = stage.cluster.secrets("kube-system");
    let private = |secret: &Json| {
        let data = gitops::secrets::live_data(secret);
        String::from_utf8(data.expose().0["tls.key"].clone()).unwrap()
    };
    let all: String = keys.iter().map(private).collect();
    all.lines().filter(|line| !line.starts_with('-')).map(str::to_owned).collect()
}

fn keys_of(object: &Object) -> Vec<String> {
    let state: Json = serde_json::from_str(&object.json()).unwrap();
    state["keys"].as_object().unwrap().keys().cloned().collect()
}

fn at(object: &Object, pointer: &str) -> Json {
    let state: Json = serde_json::from_str(&object.json()).unwrap();
    state.pointer(pointer).cloned().unwrap_or_default()
}

/// A Secret as a controller makes it.
fn renewed() -> Json {
    let mut secret = SealingKey::make(7, SystemTime::now(), None).unwrap().object("kube-system").into_value();
    secret["metadata"]["name"] = json!("sealed-secrets-keyx7x7x");
    secret["metadata"].as_object_mut().unwrap().remove("annotations");
    secret
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_followed_lost_and_restored() {
    let stage = Stage::start().await;
    let mut object = Object::new::<SealingKeys>();
    let first = stage.config(json!({"rotation": 1}));
    assert!(object.apply(&stage.run(), &first).await);
    assert_eq!(object.told, []);
    assert_eq!(keys_of(&object), ["sealed-secrets-key-r1"]);
    assert_eq!(
        (at(&object, "/backup_verified"), at(&object, "/backup_complete")),
        (json!(true), json!(true))
    );
    let text = std::fs::read_to_string(stage.file()).unwrap();
    assert_eq!(stage.rig.bare.read(PLACE).unwrap(), text.trim_end());
    assert!(!object.apply(&stage.run(), &first).await, "nothing has changed");

    // A new key, which is the one to seal for.
    let second = stage.config(json!({"rotation": 2}));
    let before = object.get("fingerprint");
    assert!(object.apply(&stage.run(), &second).await);
    assert_eq!(keys_of(&object), ["sealed-secrets-key-r1", "sealed-secrets-key-r2"]);
    assert_ne!(object.get("fingerprint"), before);
    assert!(!object.apply(&stage.run(), &second).await);

    // One that the controller makes shows in the plan.
    stage.cluster.put_secret("kube-system", &renewed());
    assert!(object.apply(&stage.run(), &second).await, "a key is not backed up");
    assert_eq!(at(&object, "/backup_keys").as_array().unwrap().len(), 3);
    assert!(!object.apply(&stage.run(), &second).await);

    // So does a backup that is lost or changed.
    std::fs::remove_file(stage.file()).unwrap();
    assert!(object.apply(&stage.run(), &second).await);
    let text = std::fs::read_to_string(stage.file()).unwrap();
    assert_eq!(stage.rig.bare.read(PLACE).unwrap(), text.trim_end(), "it is the one that Git has");
    for line in private_lines(&stage) {
        assert!(!object.json().contains(&line) && !text.contains(&line));
    }

    // The cluster is lost: the same keys come out of the backup, which stays as it is.
    let (commits, prints) = (stage.rig.bare.commits().unwrap(), at(&object, "/backup_keys"));
    stage.cluster.lose_secrets();
    let restore = stage.config(json!({"rotation": 2, "restore": {"path": stage.file()}}));
    object.refresh(&stage.run()).await;
    assert!(object.state.is_null(), "there is no key any more");
    assert!(object.apply(&stage.run(), &restore).await);
    assert_eq!((at(&object, "/restored"), at(&object, "/backup_keys")), (prints.clone(), prints));
    assert_eq!(keys_of(&object).len(), 3);
    assert_eq!(stage.rig.bare.commits().unwrap(), commits);
    assert!(!object.apply(&stage.run(), &restore).await);

    // One of them goes, and comes back.
    let path = stage.cluster.secrets("kube-system").remove(0);
    stage.cluster.lose_secrets();
    stage.cluster.put_secret("kube-system", &path);
    assert!(object.apply(&stage.run(), &restore).await);
    assert_eq!(keys_of(&object).len(), 3);

    object.destroy(&stage.run()).await;
    assert_eq!(stage.cluster.secrets("kube-system").len(), 3, "keys stay");
    assert!(stage.file().exists() && stage.rig.bare.read(PLACE).is_some());
    let told = shown(&object.told).replace(&stage.file().display().to_string(), "/srv/keys.yaml");
    insta::assert_snapshot!(stage.rig.plain(&told));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_keeps_what_the_cluster_lost() {
    let stage = Stage::start().await;
    let mut object = Object::new::<SealingKeys>();
    object.apply(&stage.run(), &stage.config(json!({"rotation": 1}))).await;
    let kept = object.get("fingerprint").unwrap();
    // A cluster that was made again, where nobody thought of the backup.
    stage.cluster.lose_secrets();
    let unable = stage.config(json!({"rotation": 1, "identities_wo": [OTHER]}));
    insta::assert_snapshot!(stage.refusal(&unable).await.replace(&kept, "SHA256:…"));
    let mut again = Object::new::<SealingKeys>();
    assert!(again.apply(&stage.run(), &stage.config(json!({"rotation": 1}))).await);
    assert_eq!(again.told, []);
    let backup = read_backup(&std::fs::read(stage.file()).unwrap()).unwrap();
    assert!(
        backup.fingerprints.contains(&kept) && backup.fingerprints.len() == 2,
        "{:?}",
        backup.fingerprints
    );

    // It is restored all the same, beside the key that has its name by now.
    let restore = stage.config(json!({"rotation": 1, "restore": {"path": stage.file()}}));
    assert!(again.apply(&stage.run(), &restore).await);
    assert_eq!((keys_of(&again).len(), again.told.clone()), (2, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_cannot_be_reached_is_not_gone() {
    let mut stage = Stage::start().await;
    let config = stage.config(json!({"rotation": 1}));
    let mut object = Object::new::<SealingKeys>();
    object.apply(&stage.run(), &config).await;
    let there = (object.state.clone(), stage.rig.bare.head().unwrap());
    stage.cluster.stop().await;
    let cluster = stage.cluster.connection()["host"].as_str().unwrap().to_owned();
    let plain = |object: &Object| shown(&object.told).replace(&cluster, "http://cluster");
    object.refresh(&stage.run()).await;
    let refreshed = plain(&object);
    assert_eq!((object.state, stage.rig.bare.head().unwrap()), there);

    let mut new = Object::new::<SealingKeys>();
    assert!(new.apply(&stage.run(), &config).await, "a plan needs no cluster");
    assert!(new.state.is_null());
    assert_eq!(plain(&new), refreshed);
    insta::assert_snapshot!(refreshed, @"
    kubernetes: The cluster at `http://cluster` cannot be reached: Connection refused (os error 111)
    See that the cluster runs and that this machine reaches it: `kubectl version` with the same kubeconfig must answer.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_imported() {
    let stage = Stage::start().await;
    stage.cluster.put_secret("kube-system", &renewed());
    // An import looks where the environment says, which is no cluster here.
    let mut object = Object::new::<SealingKeys>();
    let backed = stage.config(json!({}));
    assert!(object.apply(&stage.run(), &backed).await);
    assert_eq!(
        (keys_of(&object), at(&object, "/restored")),
        (vec!["sealed-secrets-keyx7x7x".to_owned()], json!([]))
    );
    assert_eq!(SealingKeys::import_id(&SealingKeys::parse_import_id("kube-system").unwrap()), "kube-system");
    insta::assert_snapshot!(shown(&[SealingKeys::parse_import_id("a/b").err().unwrap()]), @"
    : Not an import id
    The import id is the namespace of the controller, such as `kube-system`.
    ");
}

/// A backup of a key that is not in the cluster.
fn backup() -> String {
    let key = SealingKey::make(1, SystemTime::now(), None).unwrap();
    let recipient = Recipient::parse(RECIPIENT).unwrap();
    write_backup(&[key], "kube-system", &[recipient], "gitops_sealing_key kube-system", SystemTime::now())
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn backups_that_cannot_be_restored() {
    let stage = Stage::start().await;
    let good = backup();
    let broken = good.replacen("type: kubernetes.io/tls", "type: kubernetes.io/tl5", 1);
    assert_ne!(broken, good);
    let large = stage.rig.dir.path().join("large.yaml");
    std::fs::File::create(&large).unwrap().set_len(17 << 20).unwrap();
    let restore = |restore: Json| stage.config(json!({ "restore": restore }));
    let configs = [
        restore(json!({"path": "none/keys.yaml"})),
        restore(json!({"path": large})),
        restore(json!({"content": "hunter2"})),
        restore(json!({"content": broken})),
        restore(json!({"content": good, "sha256": "0".repeat(64)})),
        stage.config(json!({"restore": {"content": good}, "identities_wo": [OTHER]})),
        stage.config(json!({"restore": {"content": good}, "identities_wo": null})),
        stage.config(json!({"restore": {"content": good}, "identities_wo": ["hunter2"]})),
        stage.config(json!({})),
        stage.config(json!({"restore": {"path": "none/keys.yaml", "if_exists": true}})),
    ];
    let mut told = Vec::new();
    for config in &configs {
        told.push(stage.refusal(config).await);
    }
    let told =
        told.join("\n===\n").replace(&gitops::fetch::Sha256::of(good.as_bytes()).to_string(), "SHA256");
    assert!(!told.contains("hunter2"), "{told}");
    insta::assert_snapshot!(told);
}

#[tokio::test(flavor = "multi_thread")]
async fn places_that_cannot_have_a_backup() {
    let stage = Stage::start().await;
    stage.rig.bare.write(PLACE, "hunter2: x\n").unwrap();
    let mut told = vec![stage.refusal(&stage.config(json!({ "rotation": 1 }))).await];
    let in_file = |path: Json, more: Json| {
        let mut config = stage.config(more);
        config["backup"] = json!({ "recipients": [RECIPIENT], "path": path });
        config
    };
    let file = stage.rig.dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let (link, lost) = (stage.rig.dir.path().join("link.yaml"), stage.rig.dir.path().join("lost.yaml"));
    std::os::unix::fs::symlink(&lost, &link).unwrap();
    for path in [file.join("keys.yaml"), link, stage.rig.dir.path().to_owned()] {
        told.push(stage.refusal(&in_file(json!(path), json!({"rotation": 1}))).await);
    }
    insta::assert_snapshot!(told.join("\n===\n"));
}

#[test]
fn configurations_that_cannot_be() {
    let object = Object::new::<SealingKeys>();
    let backup = |recipients: Json, path: Json, more: Json| json!({ "backup": { "recipients": recipients, "path": path, "repository_path": more } });
    let configs = [
        json!({"namespace": "Kube System", "controller_name": "a b", "rotation": 0}),
        json!({"restore": {}}),
        json!({"restore": {"path": "a.yaml", "content": "b", "sha256": "abc"}}),
        backup(json!([RECIPIENT]), json!(null), json!(null)),
        backup(json!([]), json!("keys.yaml"), json!(null)),
        backup(json!([IDENTITY]), json!("keys.yaml"), json!(null)),
        backup(json!([RECIPIENT]), json!("keys.age"), json!("../keys.yaml")),
    ];
    let told: Vec<_> = configs.iter().map(|config| shown(&object.validate(config))).collect();
    let told = told.join("\n===\n");
    assert!(!told.contains(IDENTITY), "{told}");
    insta::assert_snapshot!(told);
    assert_eq!(object.validate(&backup(json!([RECIPIENT]), json!("keys.yaml"), json!("keys.yaml"))), []);
    assert_eq!(object.validate(&json!({"restore": {"path": "a.yaml"}})), []);
}

#[test]
fn numbers_of_keys_go_up() {
    insta::assert_snapshot!(shown(&[keys::numbers_go_up(3, 2)]));
}
