//! `gitops_secret_wiring`: whether the Secrets that an app needs are supplied, before the app is there.

use crate::problem::Locate;
use crate::provider::{Gitops, task};
use crate::resources::installation::Chart;
use gitops::Task;
use gitops::helm;
use gitops::manifest::{Limits, Object, parse};
use gitops::names;
use gitops::wiring::{self, Name, Repositories, Supplies, gaps, needs, uncovered};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tfplugin_rs::{Context, DataSource, Problem, View};

/// How many places an error lists.
const LISTED: usize = 20;

/// Checks that every Secret which an app needs is supplied: each `secretKeyRef`, `envFrom`, volume and `imagePullSecret`
/// of its manifests, and the credentials of the repositories that its Applications read. What is marked `optional`
/// needs nothing.
///
/// Where something is missing the read is an error that lists each place. Whatever depends on this data source, such
/// as the root app, then is not made, instead of pods that do not start. Only names and keys are compared.
/// A destroy reads it, too: where it fails then, destroy with `-refresh=false`.
///
/// The manifests are stored in the state: leave Secrets out of them and name those in `supplies`. SealedSecrets may
/// stay: what they hold is taken for supplied.
#[derive(JsonSchema)]
pub struct SecretWiring;

/// The app, and what is supplied.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Config {
    /// Manifests of the app, each the YAML text of any number of objects, such as that of `file(...)`.
    pub manifests: Option<Vec<String>>,
    /// A Helm chart that renders to the app's manifests. It is rendered on this machine.
    pub chart: Option<Chart>,
    /// Namespace of objects that name none, and of the chart's release. Default: `default`.
    pub namespace: Option<String>,
    /// The Secrets that are there before the app, as `namespace/name`, and the keys of each.
    pub supplies: BTreeMap<String, BTreeSet<String>>,
    /// Addresses of repositories, or beginnings of them, that Argo CD has credentials for.
    pub repository_credentials: Option<Vec<String>>,
    /// Addresses of repositories, or beginnings of them, that need no credentials. Without it, only a repository that
    /// is read over ssh is known to need some.
    pub public_repositories: Option<Vec<String>>,
    /// Whether what is missing is an error. Default: true; otherwise it is only told in `missing`.
    pub fail: Option<bool>,
}

/// What was found.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Secrets that the app needs from elsewhere, as `namespace/name`, and the keys that it names.
    pub needs: BTreeMap<String, BTreeSet<String>>,
    /// Places that need what nothing supplies, in words.
    pub missing: Vec<String>,
}

impl DataSource for SecretWiring {
    const KIND: &'static str = "gitops_secret_wiring";
    type Provider = Gitops;
    type Config = Config;
    type Output = Output;

    fn validate(config: &View<Config>) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let (true, Some(namespace)) = (config.is_known("namespace"), &config.get().namespace) {
            problems.extend(names::namespace(namespace).at("namespace").err());
        }
        let given = config.get();
        if config.is_known("manifests")
            && config.is_known("chart")
            && given.manifests.is_none()
            && given.chart.is_none()
        {
            let detail = "Give the app's `manifests`, or the `chart` that renders to them.";
            problems.push(Problem::error("No app", detail).at("manifests"));
        }
        if config.is_known("supplies") {
            problems.extend(supplies(given).err());
        }
        problems
    }

    async fn read(cx: &Context<Gitops>, config: &Config) -> Result<Output, Problem> {
        let namespace = config.namespace.as_deref().unwrap_or("default");
        let objects = objects(&task(cx), config, namespace).await?;
        if objects.iter().any(|object| object.kind() == "Secret" && object.group().is_empty()) {
            cx.warn(stored());
        }
        let mut supplied = supplies(config)?;
        let own = wiring::brought(&objects, namespace);
        let mut outside = BTreeMap::<String, BTreeSet<String>>::new();
        let needs = needs(&objects, namespace);
        for need in needs.iter().filter(|need| !own.contains_key(&need.secret)) {
            outside.entry(need.secret.to_string()).or_default().extend(need.keys.clone());
        }
        for (name, keys) in own {
            supplied.entry(name).or_default().extend(keys);
        }
        let repositories = Repositories {
            credentials: config.repository_credentials.clone().unwrap_or_default(),
            public: config.public_repositories.clone(),
        };
        let mut missing: Vec<_> = gaps(needs, &supplied).iter().map(ToString::to_string).collect();
        let unread = uncovered(&objects, &repositories);
        missing.extend(unread.into_iter().map(|(app, url)| format!("{app}: no credentials for `{url}`")));
        match missing.is_empty() || config.fail == Some(false) {
            true => Ok(Output { needs: outside, missing }),
            false => Err(unwired(&missing)),
        }
    }
}

/// All objects of the app.
async fn objects(task: &Task, config: &Config, namespace: &str) -> Result<Vec<Object>, Problem> {
    let mut objects = Vec::new();
    for (at, text) in config.manifests.iter().flatten().enumerate() {
        let more = parse(text, &Limits::default()).at(format!("manifests[{at}]").as_str())?;
        objects.extend(more);
    }
    if let Some(chart) = &config.chart {
        let rendered = helm::template(task, &chart.wanted(), &chart.name, namespace).await.at("chart")?;
        objects.extend(parse(&String::from_utf8_lossy(&rendered), &Limits::default()).at("chart")?);
    }
    Ok(objects)
}

fn supplies(config: &Config) -> Result<Supplies, Problem> {
    let parsed = |(id, keys): (&String, &BTreeSet<String>)| match id.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
            Ok((Name { namespace: namespace.into(), name: name.into() }, keys.clone()))
        }
        _ => {
            let detail =
                format!("`{id}` does not name a Secret. Write `namespace/name`, as in `web/app-secrets`.");
            Err(Problem::error("Not a Secret's name", detail).at("supplies"))
        }
    };
    config.supplies.iter().map(parsed).collect()
}

fn unwired(missing: &[String]) -> Problem {
    let mut detail = String::from("Nothing supplies these:\n");
    for place in missing.iter().take(LISTED) {
        detail.push_str("  - ");
        detail.push_str(place);
        detail.push('\n');
    }
    if missing.len() > LISTED {
        detail.push_str(&format!("  and {} more\n", missing.len() - LISTED));
    }
    detail.push_str("Supply them, for example by `gitops_secret_injection`, and name them in `supplies`; mark what the app can do without as `optional` in its manifests.");
    Problem::error("Secrets that the app needs are missing", detail).at("supplies")
}

fn stored() -> Problem {
    let detail = "The manifests hold a Secret, and they are stored in the state of this data source. Leave it out and name it in `supplies`.";
    Problem::warning("Secrets in the state", detail).at("manifests")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::rig::shown;
    use serde_json::{Value as Json, json};
    use std::sync::Arc;
    use std::time::Duration;

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
}
