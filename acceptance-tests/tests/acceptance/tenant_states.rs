//! Tenants of a product version, from active to suspended and retired and back, with volumes that stay: on the Argo CD
//! that `argocd` installs.

use super::bootstraps::NAMESPACE;
use super::files::{INPUTS, with_repository};
use super::root_apps::Platform;
use gitops_acceptance_tests::{Case, Kubectl, Workspace};
use serde_json::{Value, json};

const BLOCKS: &str = r#"
variable "kubeconfig" {
  type = string
}

variable "greeting" {
  type    = string
  default = "hello"
}

variable "tenants" {
  type = map(object({ version = string, state = string, on_delete = string }))
}

provider "gitops" {
  kubernetes = { config_path = var.kubeconfig }
  git = {
    url         = var.repo_url
    credentials = { (var.repo_url) = { username = var.username, password = var.password } }
  }
}

resource "gitops_product_version" "shop" {
  for_each       = { "1.0" = var.greeting, "2.0" = "good morning" }
  product        = "shop"
  version        = each.key
  chart          = { path = "charts/shop" }
  default_values = { greeting = each.value }
}

resource "gitops_tenant" "shop" {
  for_each        = var.tenants
  tenant_id       = each.key
  product_version = gitops_product_version.shop[each.value.version].id
  state           = each.value.state
  on_delete       = each.value.on_delete
}

data "gitops_tenants" "all" {
  depends_on = [gitops_tenant.shop]
}

output "tenants" {
  value = data.gitops_tenants.all.tenants
}
"#;

/// Two tenants, and what was seen of the first one.
struct Shops<'a> {
    run: Workspace,
    kubectl: Kubectl,
    platform: &'a Platform,
    ids: [String; 2],
}

impl Shops<'_> {
    /// Applies the two with these versions, states and ends; `None` is one that is taken out.
    #[track_caller]
    fn turn(&mut self, tenants: [Option<(&str, &str, &str)>; 2]) {
        let of = |(version, state, on_delete)| json!({ "version": version, "state": state, "on_delete": on_delete });
        let tenants = self.ids.iter().zip(tenants).filter_map(|(id, tenant)| Some((id.clone(), of(tenant?))));
        self.run.var("tenants", Value::Object(tenants.collect()).to_string());
        self.run.apply().success();
        self.run.comes_to_rest();
    }

    #[track_caller]
    fn find(&self, kind: &str, name: &str) -> Option<Value> {
        self.kubectl.find(&self.ids[0], kind, name)
    }

    /// The UID of an object that must be there.
    #[track_caller]
    fn uid(&self, kind: &str, name: &str) -> Value {
        self.find(kind, name).unwrap_or_else(|| panic!("there is no {kind} {name}"))["metadata"]["uid"]
            .clone()
    }

    /// What `kubectl scale` was asked for, and how many pods there are.
    #[track_caller]
    fn replicas(&self) -> (Value, usize) {
        let pods = self.kubectl.get(&["pods", "-n", &self.ids[0]])["items"].as_array().map_or(0, Vec::len);
        (self.find("deployment", "shop").expect("the Deployment")["spec"]["replicas"].clone(), pods)
    }

    fn files(&self) -> [Option<String>; 3] {
        let (id, read) = (&self.ids[0], |path: String| self.platform.repository.read(&path));
        [
            read(format!("argo-cd/applications/{id}.yaml")),
            read(format!("instances/{id}/values.yaml")),
            read(format!("instances/{id}/application.yaml")),
        ]
    }
}

/// What the data source says of the first tenant.
#[track_caller]
fn told(shops: &mut Shops<'_>, words: &[&str]) -> Value {
    let state = shops.run.state();
    let tenant = &state.output("tenants")[&shops.ids[0]];
    words.iter().map(|word| tenant[*word].clone()).collect()
}

/// Whether an object carries a word of ours.
fn is_noted(object: &Value) -> bool {
    object["metadata"].to_string().contains("gitops-rs.github.io/before-rest")
        || object["metadata"].to_string().contains("gitops-rs.github.io/kept")
}

/// All of it.
pub fn come_and_go(case: &Case, platform: &Platform) {
    let namespaces = [(); 2].map(|()| case.lab().absent_namespace(case));
    let lab = case.lab();
    let mut run = case.blocks(&format!("{INPUTS}{BLOCKS}"));
    with_repository(case, &mut run, &platform.repository);
    run.var("kubeconfig", lab.expect("KUBECONFIG"));
    let ids = namespaces.each_ref().map(|namespace| namespace.name().to_owned());
    let mut shops = Shops { run, kubectl: lab.kubectl(), platform, ids };
    let (active, other) = (Some(("1.0", "active", "destroy")), Some(("1.0", "retired", "destroy")));

    shops.turn([active, active]);
    shops.kubectl.run(&["scale", "-n", &shops.ids[0], "deployment/shop", "--replicas=2"]);
    shops.kubectl.run(&["rollout", "status", "-n", &shops.ids[0], "deployment/shop", "--timeout=180s"]);
    let (claim, secret, before) = (shops.uid("pvc", "data"), shops.uid("secret", "shop"), shops.files());

    shops.turn([Some(("1.0", "suspended", "destroy")), other]);
    assert_eq!(shops.replicas(), (json!(0), 0));
    assert_eq!(shops.find("cronjob", "backup").expect("the CronJob")["spec"]["suspend"], true);
    assert_eq!((shops.uid("pvc", "data"), shops.uid("secret", "shop")), (claim.clone(), secret));

    let words = ["product_version", "state", "in_git", "managed", "drift", "status"];
    assert_eq!(told(&mut shops, &words), json!(["shop/1.0", "suspended", true, true, false, "Running"]));

    shops.turn([active, other]);
    assert_eq!(shops.replicas().0, 2, "Git says nothing of the replicas");
    let woken = [("deployment", "shop"), ("cronjob", "backup")].map(|(kind, name)| shops.find(kind, name));
    assert!(woken.iter().flatten().all(|object| !is_noted(object)), "{woken:?}");
    assert_eq!(shops.find("cronjob", "backup").expect("the CronJob")["spec"]["suspend"], false);
    assert_eq!(shops.files(), before);

    shops.turn([Some(("1.0", "retired", "destroy")), None]);
    let second = shops.ids[1].clone();
    assert!(
        shops.kubectl.find("", "namespace", &second).is_none(),
        "a retired tenant's namespace outlives it"
    );
    assert!(shops.kubectl.find(NAMESPACE, "application.argoproj.io", &shops.ids[0]).is_none());
    assert!(shops.find("deployment", "shop").is_none());
    assert_eq!(shops.uid("pvc", "data"), claim);
    assert!(shops.files()[2].is_some(), "nothing to come back from");
    assert_eq!(told(&mut shops, &words), json!(["shop/1.0", "retired", true, true, false, null]));

    shops.turn([active, None]);
    assert_eq!((shops.uid("pvc", "data"), shops.files()), (claim.clone(), before));
    assert!(!is_noted(&shops.find("pvc", "data").expect("the volume")));

    shops.run.var("greeting", "changed in place");
    shops.run.plan().fails("A product version never changes");
    shops.run.var("greeting", "hello");
    shops.turn([Some(("2.0", "active", "retain_data")), None]);
    let labels = &shops.find("deployment", "shop").expect("the Deployment")["spec"]["template"]["metadata"];
    assert_eq!(
        (&labels["annotations"]["greeting"], shops.uid("pvc", "data")),
        (&json!("good morning"), claim.clone())
    );
    shops.run.destroy().success();
    assert_eq!(shops.uid("pvc", "data"), claim, "retain_data keeps the volume");
    assert!(shops.find("deployment", "shop").is_none());
    assert_eq!(
        (shops.files(), platform.repository.read("products/shop/2.0.yaml")),
        ([const { None }; 3], None)
    );
}
