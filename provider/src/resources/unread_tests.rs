//! Whether values changed is looked up by the plan. What it cannot read is no change, and one warning.

use super::life::Object;
use super::repository_credentials::RepositoryCredentials;
use super::rig::cluster::Cluster;
use super::rig::{PASSWORD, Rig, shown};
use super::sealed_secret::{self, SealedSecretFile};
use super::secret_injection::SecretInjection;
use super::sops_file::SopsFile;
use super::tenant::Tenant;
use crate::provider::Gitops;
use gitops::git::Settings;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use tfplugin_rs::Resource;

/// Made for these tests, and of no other use.
const RECIPIENT: &str = "age1jwuuczywytccaue5ptaneztlqmezv9pzjsc75mx49k5d6k6ezckqzdvm0a";

/// Applies one password and plans another from the state as it is, which nothing has refreshed. `lock` makes sure that
/// it cannot be read any more, and answers the provider of that run.
async fn told<R: Resource<Provider = Gitops>>(
    provider: Gitops,
    lock: impl FnOnce(&Object) -> Gitops,
    config: impl Fn(&str) -> Json,
) -> String {
    let mut object = Object::new::<R>();
    assert!(object.apply(&Arc::new(provider), &config("hunter2")).await, "{}", shown(&object.told));
    assert_eq!(shown(&object.told), "", "{}", R::KIND);
    let locked = Arc::new(lock(&object));
    let planned = object.plan_unrefreshed(&locked, &config("hunter3")).await;
    let warnings: Vec<_> = object.told.iter().map(|problem| !problem.is_error()).collect();
    assert_eq!((planned, warnings.as_slice()), (None, [true].as_slice()), "{}", shown(&object.told));
    assert!(!shown(&object.told).contains("hunter"));
    format!("{}\n{}", R::KIND, shown(&object.told))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_nobody_may_read_is_not_planned_over() {
    let cluster = Cluster::start().await;
    let run = || Gitops::in_environment(&[]).unwrap();
    let forbid = |namespace: &'static str, name: &'static str| {
        let cluster = &cluster;
        move |object: &Object| {
            cluster.forbid_secret(namespace, &object.get(name).unwrap());
            Gitops::in_environment(&[]).unwrap()
        }
    };
    let injection = |name: &str, immutable: bool, password: &str| {
        json!({
            "kubernetes": cluster.connection(), "namespace": "web", "name": name, "immutable": immutable,
            "data_wo": {"PASSWORD": password},
        })
    };
    let repository = |password: &str| {
        json!({
            "kubernetes": cluster.connection(), "url": "https://git.example/p.git", "username": "ci",
            "password_wo": password,
        })
    };
    let all = [
        told::<SecretInjection>(run(), forbid("web", "name"), |password| injection("app", false, password))
            .await,
        told::<SecretInjection>(run(), forbid("web", "name"), |password| injection("fixed", true, password))
            .await,
        told::<RepositoryCredentials>(run(), forbid("argocd", "secret_name"), repository).await,
    ];
    insta::assert_snapshot!(all.join("\n\n"), @r#"
    gitops_secret_injection
    data_wo: The Secret cannot be read
    Whether the configured values are those in the cluster could not be found out, so no change is planned for them.

    The cluster refused to read Secret web/app: secrets "app" is forbidden. The account needs more rights; `kubectl auth can-i --list` shows what it has.

    gitops_secret_injection
    data_wo: The Secret cannot be read
    Whether the configured values are those in the cluster could not be found out, so no change is planned for them.

    The cluster refused to read Secret web/fixed: secrets "fixed" is forbidden. The account needs more rights; `kubectl auth can-i --list` shows what it has.

    gitops_repository_credentials
    url: The Secret cannot be read
    Whether the configured values are those in the cluster could not be found out, so no change is planned for them.

    The cluster refused to read Secret argocd/repository-git-example-p-8bbe79d4: secrets "repository-git-example-p-8bbe79d4" is forbidden. The account needs more rights; `kubectl auth can-i --list` shows what it has.
    "#);
}

/// What was written to Git is read with credentials that are not accepted any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_nobody_may_read_is_not_planned_over() {
    let rig = Rig::with_chart().await;
    let run = || rig.gitops(PASSWORD, Settings::default());
    let forbid = |_: &Object| rig.gitops("wrong", Settings::default());
    let tenant = |password: &str| {
        rig.attributes(
            "main",
            json!({
                "tenant_id": "acme", "chart": {"path": "charts/tenant"}, "wait": false,
                "secrets_wo": {"PASSWORD": password}, "secrets": {"age": [RECIPIENT]},
            }),
        )
    };
    let file = |password: &str| {
        let wanted = json!({"path": "it.yaml", "age": [RECIPIENT], "data_wo": {"PASSWORD": password}});
        rig.attributes("main", wanted)
    };
    let sealed =
        |password: &str| sealed_secret::tests::config(&rig, json!({"PASSWORD": password}), json!({}));
    let all = [
        told::<Tenant>(run(), forbid, tenant).await,
        told::<SopsFile>(run(), forbid, file).await,
        told::<SealedSecretFile>(run(), forbid, sealed).await,
    ];
    insta::assert_snapshot!(rig.plain(&all.join("\n\n")), @"
    gitops_tenant
    secrets_wo: The secrets of the tenant cannot be read
    Whether the configured secrets are those of the tenant could not be found out, so no change is planned for them.

    The git repository `http://git.example/p.git` refused the credentials. Check the entry of `git.credentials` with the longest prefix of this address: the token may have expired.

    gitops_sops_file
    git: The encrypted file cannot be read
    Whether the configured values are those in the repository could not be found out, so no change is planned for them.

    The git repository `http://git.example/p.git` refused the credentials. Check the entry of `git.credentials` with the longest prefix of this address: the token may have expired.

    gitops_sealed_secret
    data_wo: The ciphertext cannot be read
    Whether the configured values are those in Git could not be found out, so no change is planned for them.

    The git repository `http://git.example/p.git` refused the credentials. Check the entry of `git.credentials` with the longest prefix of this address: the token may have expired.
    ");
}
