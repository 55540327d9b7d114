//! What users are told of an app that lacks something.

use super::*;
use crate::resources::rig::shown;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::Duration;
use tfplugin_rs::data_source::erase;
use tfplugin_rs::resource::Wire;
use tfplugin_rs::value::json::decode_lenient;

const APP: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec:\n  imagePullSecrets: [{name: registry}]\n  containers:\n  - name: web\n    envFrom: [{secretRef: {name: all}}]\n    env:\n    - {name: A, valueFrom: {secretKeyRef: {name: db, key: password}}}\n";
const ROOT: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web, namespace: argocd}\nspec: {source: {repoURL: 'git@git.example:team/web.git'}}\n";

fn config(value: Json) -> Config {
    serde_json::from_value(value).unwrap()
}

async fn read(value: Json) -> Result<Output, Problem> {
    let gitops = Gitops::in_environment(&[]).unwrap();
    let cx = Context::new(Arc::new(gitops), Default::default(), Duration::from_secs(60));
    SecretWiring::read(&cx, &config(value)).await
}

#[tokio::test]
async fn what_is_missing_is_listed() {
    let some = json!({"shop/db": ["user"], "shop/registry": [".dockerconfigjson"]});
    let problem = read(json!({"manifests": [APP, ROOT], "supplies": some})).await.map(drop).unwrap_err();
    insta::assert_snapshot!(shown(&[problem]), @r"
    supplies: Secrets that the app needs are missing
    Nothing supplies these:
      - Pod shop/web: `spec.containers[0].env[0]` needs key `password` of Secret `shop/db`, which has only `user`
      - Pod shop/web: `spec.containers[0].envFrom[0]` needs Secret `shop/all`
      - Application.argoproj.io argocd/web: no credentials for `git@git.example:team/web.git`
    Supply them, for example by `gitops_secret_injection`, and name them in `supplies`; mark what the app can do without as `optional` in its manifests.
    ");
    let told = read(json!({"manifests": [APP, ROOT], "supplies": some, "fail": false})).await.unwrap();
    assert_eq!(told.missing.len(), 3);
    let all = json!({"shop/db": ["password"], "shop/registry": [".dockerconfigjson"], "shop/all": []});
    let wired =
        json!({"manifests": [APP, ROOT], "supplies": all, "repository_credentials": ["git@git.example"]});
    let told = read(wired).await.unwrap();
    assert_eq!(told.missing, [""; 0]);
    let needs: Vec<_> = told.needs.iter().map(|(name, keys)| format!("{name} {}", keys.len())).collect();
    assert_eq!(needs, ["shop/all 0", "shop/db 1", "shop/registry 2"]);
}

const PUBLIC: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web, namespace: argocd}\nspec: {source: {repoURL: 'https://git.example/team/web.git', helm: {valuesObject: {imagePullSecrets: [{name: registry}]}}}}\n";

/// What the CLI is told of a configuration that is read.
async fn told(config: Json) -> Vec<Problem> {
    let source = erase::<SecretWiring>().unwrap();
    let provider = Arc::new(Gitops::in_environment(&[]).unwrap());
    let wire = Wire { provider, cancel: Default::default(), private: Vec::new() };
    let config = decode_lenient(config.to_string().as_bytes(), &source.schema().ty()).unwrap();
    source.read(wire, config).await.1
}

#[tokio::test]
async fn whether_a_repository_is_public_is_to_be_said() {
    let unsaid = told(json!({"manifests": [PUBLIC], "supplies": {}})).await;
    assert!(unsaid.iter().all(|problem| !problem.is_error()));
    insta::assert_snapshot!(shown(&unsaid), @"
    public_repositories: Repositories are taken for public
    Whether Argo CD needs credentials for these, nobody said:
      - https://git.example/team/web.git
    Name those that it has credentials for in `repository_credentials`, and those that need none in `public_repositories`.
    ");
    for said in ["repository_credentials", "public_repositories"] {
        let mut config = json!({"manifests": [PUBLIC], "supplies": {}});
        config[said] = json!(["https://git.example"]);
        assert_eq!(told(config).await, [], "{said}");
    }
    let private = json!({"manifests": [PUBLIC], "supplies": {}, "public_repositories": []});
    let problems = told(private).await;
    assert!(problems[0].is_error() && problems[0].detail.contains("no credentials for `https://git.example"));
    let output = read(json!({"manifests": [PUBLIC], "supplies": {}})).await.unwrap();
    assert_eq!(output.taken_for_public, BTreeSet::from(["https://git.example/team/web.git".to_owned()]));
    assert!(output.needs.is_empty(), "what an Application gives to a chart is no need of its own");
}

/// Whoever may see the state would see it.
#[tokio::test]
async fn a_secret_among_the_manifests_is_warned_of() {
    let secret =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\ndata: {password: eA==}\n";
    insta::assert_snapshot!(shown(&told(json!({"manifests": [secret], "supplies": {}})).await), @"
    manifests: Secrets in the state
    The manifests hold a Secret, and they are stored in the state of this data source. Leave it out and name it in `supplies`.
    ");
}

#[test]
fn an_app_must_be_given() {
    let source = erase::<SecretWiring>().unwrap();
    let config =
        decode_lenient(json!({"supplies": {}}).to_string().as_bytes(), &source.schema().ty()).unwrap();
    insta::assert_snapshot!(shown(&source.validate(&config)), @"
    manifests: No app
    Give the app's `manifests`, or the `chart` that renders to them.
    ");
}

#[tokio::test]
async fn an_app_may_bring_its_own() {
    let sealed = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: db, namespace: shop}\nspec: {encryptedData: {password: x}}\n";
    let others = json!({"shop/registry": [".dockercfg"], "shop/all": []});
    let told = read(json!({"manifests": [APP, sealed], "supplies": others})).await.unwrap();
    assert_eq!((told.missing.len(), told.needs.contains_key("shop/db")), (0, false));
}

#[tokio::test]
async fn what_cannot_be_read_is_located() {
    let broken = read(json!({"manifests": [APP, "a: ["], "supplies": {}})).await.map(drop).unwrap_err();
    let name = read(json!({"manifests": [APP], "supplies": {"db": ["a"]}})).await.map(drop).unwrap_err();
    insta::assert_snapshot!(shown(&[broken, name]), @r"
    manifests[1]: Document 1 is not usable YAML (line 1): unclosed bracket '['
    Kubernetes tools must be able to read it too: try `kubectl apply --dry-run=client -f FILE`.
    ---
    supplies: Not a Secret's name
    `db` does not name a Secret. Write `namespace/name`, as in `web/app-secrets`.
    ");
}

#[test]
fn a_long_list_is_cut() {
    let missing: Vec<_> = (0..30).map(|number| format!("place {number}")).collect();
    let detail = unwired(&missing).detail;
    assert!(detail.contains("place 19\n  and 10 more\n") && !detail.contains("place 20"), "{detail}");
}
