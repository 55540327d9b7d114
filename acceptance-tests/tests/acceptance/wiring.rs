//! `gitops_secret_wiring` in the module that installs Argo CD: where an app needs what nothing supplies, the apply ends
//! before it.

use gitops_acceptance_tests::{Case, Kubectl, Namespace, Workspace};

const BOOTSTRAP: &str = "module.platform.gitops_bootstrap.argocd";

/// The least that counts as a manifest of Argo CD. It is planned and never applied.
const ARGOCD: &str = "apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: argocd-application-controller
spec:
  serviceName: argocd
  selector: {matchLabels: {app.kubernetes.io/name: argocd-application-controller}}
  template:
    metadata: {labels: {app.kubernetes.io/name: argocd-application-controller}}
    spec: {containers: [{name: argocd-application-controller, image: 'quay.io/argoproj/argocd:v3.0.0'}]}
";

/// An app that needs a password.
const SHOP: &str = "apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: registry.example.com/web:1.2.3
      env:
        - name: PASSWORD
          valueFrom: {secretKeyRef: {name: app, key: PASSWORD}}
";

const INPUTS: &str = r#"
variable "keys" {
  type = set(string)
}

# Its output is known when it was applied.
resource "terraform_data" "shop" {
  input = file("shop.yaml")
}
"#;

/// The namespaces of a test: that of the app, and that of Argo CD. Neither is there.
struct Places {
    shop: Namespace,
    argocd: Namespace,
}

impl Places {
    /// The published example of the module, with an app of these manifests, in HCL.
    fn say(&self, run: &mut Workspace, manifests: &str) {
        let (shop, argocd) = (self.shop.name(), self.argocd.name());
        let module = format!(
            r#"
module "platform" {{
  secrets       = {{ shop = {{ namespace = "{shop}", name = "app", keys = var.keys }} }}
  secret_values = {{ shop = {{ for key in var.keys : key => "of ${{key}}" }} }}
  argocd        = {{ namespace = "{argocd}", source = {{ manifest = {{ path = "argocd.yaml" }} }} }}
  apps          = {{ shop = {{ manifests = [{manifests}], namespace = "{shop}" }} }}
}}
"#
        );
        run.write("platform_override.tf", &module);
    }

    #[track_caller]
    fn assert_no_argo_cd(&self, kubectl: &Kubectl) {
        assert!(kubectl.find("", "namespace", self.argocd.name()).is_none(), "Argo CD has a namespace");
    }
}

/// What is known fails the plan, and nothing is written; what is known only in the apply ends it before Argo CD.
pub fn ends_an_apply_before_argo_cd(case: &Case) {
    let (lab, kubectl) = (case.lab(), case.lab().kubectl());
    let places = Places { shop: lab.absent_namespace(case), argocd: lab.absent_namespace(case) };
    let missing = format!("key `PASSWORD` of Secret `{}/app`, which has only `USER`", places.shop.name());
    let mut run = case.workspace("examples/platform");
    run.write("inputs.tf", INPUTS).write("shop.yaml", SHOP).write("argocd.yaml", ARGOCD);
    run.var("kubeconfig_path", lab.expect("KUBECONFIG"))
        .var("git_username", "ci")
        .var("git_password", "none");
    run.var("repository_url", "https://git.example.com/acme/platform.git").var("keys", r#"["USER"]"#);

    places.say(&mut run, "file(\"shop.yaml\")");
    run.apply().failure().says("Secrets that the app needs are missing").says(&missing);
    assert!(run.state().addresses().is_empty());
    assert!(kubectl.find("", "namespace", places.shop.name()).is_none(), "a Secret was written");
    places.assert_no_argo_cd(&kubectl);

    places.say(&mut run, "terraform_data.shop.output");
    run.apply().failure().says(&missing);
    let state = run.state();
    let (secrets, made): (Vec<_>, Vec<_>) =
        state.addresses().into_iter().partition(|address| address.contains("gitops_secret_injection"));
    assert_eq!((secrets.len() <= 1, made), (true, vec!["terraform_data.shop"]), "{secrets:?}");
    places.assert_no_argo_cd(&kubectl);

    run.var("keys", r#"["USER", "PASSWORD"]"#);
    let changes = run.plan().success().changes();
    assert!(changes.contains(&format!("{BOOTSTRAP}: create")), "it still waits for something: {changes:?}");
    run.destroy().success();
}
