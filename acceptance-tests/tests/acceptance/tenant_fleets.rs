//! `gitops_tenant_fleet`: its life in Git alone, and in waves with the Argo CD that `argocd` installs.

use super::bootstraps::NAMESPACE;
use super::files::{INPUTS, PROVIDER, blocks, with_repository};
use super::root_apps::Platform;
use gitops_acceptance_tests::{Case, Repository, Workspace};
use insta::assert_snapshot;
use serde_json::{Value, json};

const ADDRESS: &str = "gitops_tenant_fleet.shops";
const CHART: (&str, &str) = ("charts/tenant/Chart.yaml", "apiVersion: v2\nname: tenant\nversion: 1.2.3\n");

const FLEET: &str = r#"
variable "tenants" {
  type = any
}

variable "waves" {
  type    = any
  default = null
}

resource "terraform_data" "greeting" {
  input = "hello"
}

resource "gitops_product_version" "shop" {
  product = "shop"
  version = "1.0"
  chart   = { path = "charts/tenant" }

  # Not known when the first plan is made.
  default_values = { greeting = terraform_data.greeting.output }
}

resource "gitops_tenant_fleet" "shops" {
  name  = "shops"
  wait  = false
  waves = var.waves

  tenants = {
    for id, tenant in var.tenants : id => merge(tenant, {
      product_version = gitops_product_version.shop.id
      values          = merge(try(tenant.values, {}), { host = "${id}.${terraform_data.greeting.output}" })
    })
  }
}
"#;

fn values(id: &str) -> String {
    format!("instances/{id}/values.yaml")
}

fn application(id: &str) -> String {
    format!("argo-cd/applications/{id}.yaml")
}

/// Tenants by their ids, every tenth of which is of the tier `beta`.
fn tenants(numbers: std::ops::Range<usize>) -> Value {
    let one = |number| match number % 10 {
        0 => (format!("t{number}"), json!({ "tier": "beta" })),
        _ => (format!("t{number}"), json!({})),
    };
    numbers.map(one).collect::<serde_json::Map<_, _>>().into()
}

/// The files that the tenants of the fleet have.
fn written(repository: &Repository) -> Vec<String> {
    let ours = |path: &String| path.starts_with("instances/") || path.starts_with("argo-cd/");
    repository.files().into_iter().filter(ours).collect()
}

/// The published example comes and goes.
pub fn of_the_example_live_and_die(case: &Case) {
    let repository = case.lab().repository(case, &[CHART]);
    let mut run = case.example("gitops_tenant_fleet");
    let place = "resource \"gitops_tenant_fleet\" \"shops\" {\n  git        = { url = var.repo_url, branch = \"main\" }\n  kubernetes = null\n  wait       = false\n}\n";
    run.write("inputs.tf", INPUTS).write("place_override.tf", &format!("{PROVIDER}{place}"));
    with_repository(case, &mut run, &repository);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    run.assert_settled();
    // One beta tenant, one of two stable ones, and the other.
    assert_eq!((repository.log().len(), written(&repository).len()), (4, 6));
    assert!(repository.log()[0].ends_with("wave 3 of 3, rest of tier `stable`"), "{:?}", repository.log());
    // What a tenant has by default, an import does not say.
    let differs = ["git", "wait", "waves", "commit", "tenants", "tenants_status", "timeouts"];
    run.import(ADDRESS, "main:shops:acme:globex:initech").assert_same_but(&differs);
    run.apply().success();
    run.assert_settled();
    run.destroy().success();
    assert_eq!((repository.files(), repository.log().len()), (vec![CHART.0.to_owned()], 5));
}

/// Create, update, removal, drift, loss, imports and destroy: each is one commit.
pub fn live_in_git(case: &Case) {
    let repository = case.lab().repository(case, &[CHART, ("instances/README.md", "Ours.\n")]);
    let mut run = blocks(case, &repository, FLEET);
    let commits = || repository.log().len();
    let update = [format!("{ADDRESS}: update")];
    let turn = |run: &mut Workspace, tenants: &Value| {
        run.var("tenants", tenants.to_string());
        run.apply().success();
        run.assert_settled();
    };

    let mut all = tenants(0..50);
    turn(&mut run, &all);
    assert_eq!((commits(), written(&repository).len()), (3, 101), "the product version, and the fleet");
    let state = run.state();
    let fleet = state.resource(ADDRESS);
    assert!(repository.log()[0].starts_with(fleet["commit"].as_str().expect("a commit")));
    assert_eq!(fleet["tenants_status"]["t7"]["resolved_version"], "1.2.3");
    let text = repository.read(&values("t7")).expect("the values");
    assert!(text.contains("greeting: hello") && text.contains("host: t7.hello"), "{text}");

    all["t7"]["values"] = json!({ "replicas": 2 });
    turn(&mut run, &all);
    assert_eq!((commits(), repository.touched()), (4, vec![values("t7")]));
    let text = repository.read(&values("t7")).expect("the values");
    let mut fewer = tenants(5..51);
    fewer["t7"] = all["t7"].clone();
    turn(&mut run, &fewer);
    assert_eq!((commits(), repository.touched().len(), written(&repository).len()), (5, 2 * (5 + 1), 93));

    repository.write(&values("t7"), "greeting: by hand\n");
    repository.remove(&[&application("t8"), &values("t8")]);
    run.plan().success().assert_changes(&[&update[0]]);
    run.apply().success();
    run.assert_settled();
    assert_eq!(commits(), 8);
    assert_eq!(repository.read(&values("t7")), Some(text));
    assert!(repository.read(&application("t8")).is_some());

    let ids: Vec<_> = fewer.as_object().expect("tenants").keys().map(String::as_str).collect();
    let differs = ["git", "wait", "commit", "tenants", "tenants_status", "timeouts"];
    run.import(ADDRESS, &format!("main:shops:{}", ids.join(":"))).assert_same_but(&differs);
    run.apply().success();
    run.import(ADDRESS, "main:shops");
    run.plan().success().assert_changes(&[&update[0]]);
    run.apply().success();
    if case.cli().imports_by_identity() {
        let url = repository.url();
        let identity = format!("{{ name = \"shops\", repository_url = {url:?}, branch = \"main\" }}");
        run.import_by_identity(ADDRESS, &identity);
        run.apply().success();
    }
    run.assert_settled();
    assert_eq!(commits(), 8, "an import writes nothing");

    run.var("waves", json!({ "tiers": ["beta"], "canary": 10 }).to_string());
    for tenant in fewer.as_object_mut().expect("tenants").values_mut() {
        tenant["values"] = json!({ "replicas": 3 });
    }
    turn(&mut run, &fewer);
    assert_eq!(commits(), 8 + 4, "two tiers, each in two waves");
    run.destroy().success();
    assert_eq!((written(&repository), commits()), (vec!["instances/README.md".to_owned()], 8 + 4 + 2));
}

/// Ids and values that cannot be, tenants of two blocks, and what the repository does not take.
pub fn that_cannot_be_written_are_named(case: &Case) {
    let repository = case.lab().repository(case, &[CHART, (&values("theirs"), "greeting: theirs\n")]);
    let url = repository.url();
    let places = [(url.as_str(), "REPOSITORY")];
    let fleet = |name: &str, tenants: &str| {
        format!(
            "resource \"gitops_tenant_fleet\" \"{name}\" {{\n  name    = \"{name}\"\n  wait    = false\n  tenants = {tenants}\n}}\n"
        )
    };
    let chart = r#"chart = { path = "charts/tenant" }"#;
    let wrong = r#"{
    "../up" = { product_version = "shop/1.0" }
    empty   = {}
    both    = { product_version = "shop/1.0", chart = { path = "a" } }
    words   = { product_version = "shop/1.0", tier = ["a"], on_delete = "keep", state = "off", colour = "red" }
    values  = { product_version = "shop/1.0", values = "a" }
    later   = { product_version = terraform_data.later.output, namespace = terraform_data.later.output }
  }"#;
    let later = "resource \"terraform_data\" \"later\" {\n  input = \"x\"\n}\n";
    let mut run = blocks(case, &repository, &format!("{later}{}", fleet("wrong", wrong)));
    assert_snapshot!("tenants_that_cannot_be", run.command(&["plan", "-json"]).failure().errors(&places));

    let tenant = format!(
        "resource \"gitops_tenant\" \"b\" {{\n  tenant_id = \"b\"\n  wait      = false\n  {chart}\n}}\n"
    );
    let two = format!("{{\n    a = {{ {chart} }}\n    b = {{ {chart} }}\n  }}");
    let mut run = blocks(case, &repository, &[fleet("one", &two), tenant].concat());
    let errors = run.command(&["plan", "-json"]).failure().errors(&places);
    assert!(errors.contains("instances/b/values.yaml") && !errors.contains("instances/a"), "{errors}");
    let two = [fleet("one", &two), fleet("two", &format!("{{\n    a = {{ {chart} }}\n  }}"))];
    let mut run = blocks(case, &repository, &two.concat());
    let errors = run.command(&["plan", "-json"]).failure().errors(&places);
    assert!(errors.contains("instances/a/values.yaml") && !errors.contains("instances/b"), "{errors}");

    let refused = format!(
        "{{\n    good    = {{ {chart} }}\n    theirs  = {{ {chart} }}\n    none    = {{ chart = {{ path = \"charts/none\" }} }}\n    version = {{ product_version = \"shop/1.0\" }}\n  }}"
    );
    let mut run = blocks(case, &repository, &fleet("refused", &refused));
    let errors = run.command(&["apply", "-json", "-auto-approve"]).failure().errors(&places);
    assert_snapshot!("tenants_that_the_repository_does_not_take", errors);
    assert!(run.state().addresses().is_empty());
    assert_eq!(repository.log().len(), 1);

    let theirs = fleet("refused", &format!("{{\n    theirs = {{ {chart} }}\n  }}"));
    let mut run = blocks(case, &repository, &theirs);
    let address = "gitops_tenant_fleet.refused";
    run.command(&["import", "-no-color", address, "main:refused:theirs:other"])
        .failure()
        .says("The tenant `other` cannot be imported");
    // What the message says helps.
    run.command(&["import", "-no-color", address, "main:refused"]).success();
    run.apply().success();
    run.assert_settled();
    assert_eq!((repository.log().len(), written(&repository).len()), (2, 2));

    let moved = fleet("refused", &format!("{{\n    theirs = {{ {chart}, namespace = \"elsewhere\" }}\n  }}"));
    run.write("main.tf", &format!("{INPUTS}{PROVIDER}{moved}"));
    run.plan().fails("The namespace of a tenant cannot change");
}

const IN_WAVES: &str = r#"
variable "kubeconfig" {
  type = string
}

variable "tenants" {
  type = any
}

resource "gitops_tenant_fleet" "shops" {
  kubernetes = { config_path = var.kubeconfig }
  name       = "shops"
  tenants    = var.tenants
  waves      = { tiers = ["beta", "stable"], canary = 50 }
}
"#;

const LATER: &str = "apiVersion: v2\nname: later\nversion: 1.0.0\n";
const SITE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: site\ndata:\n  greeting: {{ .Values.greeting | quote }}\n";

/// With Argo CD: a wave begins when the one before is healthy, the first that is not ends the apply, and the next apply
/// waits for it and goes on with what is left.
pub fn goes_in_waves(case: &Case, platform: &Platform) {
    let (kubectl, repository) = (case.lab().kubectl(), &platform.repository);
    let namespaces = [(); 4].map(|()| case.lab().absent_namespace(case));
    let mut ids = namespaces.each_ref().map(|namespace| namespace.name().to_owned());
    ids.sort();
    let mut run = blocks(case, repository, IN_WAVES);
    run.var("kubeconfig", case.lab().expect("KUBECONFIG"));
    let commits = || repository.log().len();
    let greetings = || {
        let site =
            |id: &String| kubectl.find(id, "configmap", "site").map(|site| site["data"]["greeting"].clone());
        ids.each_ref().map(site)
    };
    let all = |words: [&str; 4]| words.map(|word| Some(json!(word)));
    // Two of each tier; the first of all is the first canary.
    let fleet = |ids: &[String], greeting: &str, canary: &str| {
        let tenant = |(number, id): (usize, &String)| {
            let chart = if number == 0 { canary } else { "charts/tenant" };
            let tier = if number < 2 { "beta" } else { "stable" };
            let values = json!({ "greeting": greeting });
            (id.clone(), json!({ "tier": tier, "chart": { "path": chart }, "values": values }))
        };
        Value::Object(ids.iter().enumerate().map(tenant).collect()).to_string()
    };

    let before = commits();
    run.var("tenants", fleet(&ids, "hello", "charts/tenant"));
    run.apply().success();
    run.assert_settled();
    assert_eq!((commits(), greetings()), (before + 4, all(["hello"; 4])));
    let state = run.state();
    for id in &ids {
        let tenant = &state.resource(ADDRESS)["tenants_status"][id];
        assert_eq!(
            (&tenant["status"], &tenant["sync_status"]),
            (&json!("Running"), &json!("Synced")),
            "{id}"
        );
    }

    repository.write_all(&[
        ("charts/later/Chart.yaml", LATER),
        ("charts/later/templates/site.yaml", "{{ fail \"not yet\" }}\n"),
    ]);
    let before = commits();
    run.var("tenants", fleet(&ids, "good morning", "charts/later"));
    let outcome = run.command(&["apply", "-json", "-auto-approve"]).failure();
    outcome
        .says("is not healthy (wave: canary of tier `beta`)")
        .says("not yet")
        .says("canary of tier `stable`");
    assert_eq!((commits(), greetings()), (before + 1, all(["hello"; 4])), "no other tenant was touched");
    let state = run.state();
    let status = &state.resource(ADDRESS)["tenants_status"];
    assert!(ids.iter().all(|id| status[id]["commit"] == ""), "{status}");

    repository.write("charts/later/templates/site.yaml", SITE);
    run.apply().success();
    run.assert_settled();
    assert_eq!((commits(), greetings()), (before + 5, all(["good morning"; 4])));

    // One is suspended, another is retired, and both come back.
    let active = fleet(&ids, "good morning", "charts/later");
    let mut resting: Value = serde_json::from_str(&active).expect("the tenants");
    resting[&ids[0]]["state"] = json!("suspended");
    resting[&ids[1]]["state"] = json!("retired");
    run.var("tenants", resting.to_string());
    run.apply().success();
    run.assert_settled();
    let app = |id: &String| kubectl.find(NAMESPACE, "application.argoproj.io", id);
    assert!(app(&ids[0]).is_some_and(|app| app["spec"]["syncPolicy"]["automated"].is_null()), "it is synced");
    assert!(app(&ids[1]).is_none() && kubectl.find("", "namespace", &ids[1]).is_some());
    run.var("tenants", active);
    run.apply().success();
    assert_eq!(greetings(), all(["good morning"; 4]));

    run.var("tenants", fleet(&ids[..3], "good morning", "charts/later"));
    run.apply().success();
    assert!(kubectl.find("", "namespace", &ids[3]).is_none(), "the namespace of who left is still there");
    run.destroy().success();
    for id in &ids {
        assert!(kubectl.find(NAMESPACE, "application.argoproj.io", id).is_none(), "{id}");
        assert!(kubectl.find("", "namespace", id).is_none(), "{id}");
    }
    let left: Vec<_> =
        repository.files().into_iter().filter(|path| ids.iter().any(|id| path.contains(id))).collect();
    assert!(left.is_empty(), "{left:?}");
}
