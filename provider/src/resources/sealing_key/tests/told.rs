//! What users read where keys are in the cluster, and something about them is not done.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_cannot_be_written_is_told() {
    let stage = Stage::start().await;
    let mut config = stage.config(json!({"rotation": 1}));
    config["backup"] = json!({"recipients": [RECIPIENT], "path": "/proc/gitops/keys.yaml"});
    let mut object = Object::new::<SealingKeys>();
    object.apply(&stage.run(), &config).await;
    assert_eq!(stage.cluster.secrets("kube-system").len(), 1);
    insta::assert_snapshot!(shown(&object.told), @"
    backup.path: The backup `/proc/gitops/keys.yaml` cannot be written
    Failed to write `/proc/gitops`: No such file or directory (os error 2).

    The keys are in the cluster, and not backed up yet. Apply again.
    ");
}

#[test]
fn a_controller_that_has_not_read_its_keys_is_told() {
    insta::assert_snapshot!(shown(&[keys::not_read("Deployment kube-system/sealed-secrets-controller")]), @"
    restart: The controller has not read the keys
    Deployment kube-system/sealed-secrets-controller was started before the last of the keys was put in place, and reads keys only when it starts. Until then it neither opens what was sealed for that key nor gives out its certificate. Start it anew: `kubectl rollout restart`; or leave `restart` to its default.
    ");
}
