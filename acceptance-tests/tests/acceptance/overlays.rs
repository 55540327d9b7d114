//! `gitops_overlay`: an overlay in a repository, where no cluster is, and what the real `kustomize` makes of it.

use super::files::{INPUTS, PROVIDER, blocks, with_repository};
use gitops_acceptance_tests::{Case, Repository};
use insta::assert_snapshot;
use serde_json::json;

const ADDRESS: &str = "gitops_overlay.web_prod";
const FILE: &str = "k8s/overlays/prod/kustomization.yaml";
const APPLICATION: &str = "argo-cd/applications/web-prod.yaml";

const BASE: &str = "resources:\n- web.yaml\n";
const COMPONENT: &str =
    "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources:\n- tunnel.yaml\n";
const TUNNEL: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: tunnel\ndata:\n  mode: outbound\n";
const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: web
        image: acme/web:dev
        env:
        - name: MODE
          value: base
      - name: proxy
        image: nginx:1.27
";

const OVERLAY: &str = r#"
variable "images" {
  type    = map(string)
  default = null
}

variable "replicas" {
  type    = number
  default = 1
}

resource "gitops_overlay" "web_prod" {
  name     = "web-prod"
  path     = "k8s/overlays/prod"
  bases    = ["../../base"]
  images   = var.images
  replicas = { web = var.replicas }
  application = {
    sync = { preset = "guarded" }
  }
}
"#;

fn repository(case: &Case) -> Repository {
    let base = [("k8s/base/kustomization.yaml", BASE), ("k8s/base/web.yaml", WEB)];
    let component = [("k8s/tunnel/kustomization.yaml", COMPONENT), ("k8s/tunnel/tunnel.yaml", TUNNEL)];
    case.lab().repository(case, &[base, component].concat())
}

/// What `kustomize` makes of the directory.
fn built(repository: &Repository, directory: &str) -> String {
    repository.run(directory, "kustomize", &["build"]).stdout
}

/// The published example comes and goes.
pub fn of_the_example_live_and_die(case: &Case) {
    let repository = repository(case);
    let before = repository.files();
    let mut run = case.example("gitops_overlay");
    let place =
        "resource \"gitops_overlay\" \"web_prod\" {\n  git = { url = var.repo_url, branch = \"main\" }\n}\n";
    run.write("inputs.tf", INPUTS).write("place_override.tf", &format!("{PROVIDER}{place}"));
    with_repository(case, &mut run, &repository);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    run.assert_settled();
    assert!(repository.log()[0].ends_with(" create overlay web-prod"), "{:?}", repository.log());
    assert_snapshot!("the_example_as_kustomize_builds_it", built(&repository, "k8s/overlays/prod"));
    run.import(ADDRESS, "main:web-prod:k8s/overlays/prod").assert_same_but(&["git", "timeouts"]);
    run.apply().success();
    run.assert_settled();
    assert_eq!(repository.log().len(), 2, "an import writes nothing");
    run.destroy().success();
    assert_eq!((repository.files(), repository.log().len()), (before, 3));
}

/// Create, update, drift, images of others, imports and destroy: each change is one commit.
pub fn live_in_git(case: &Case) {
    let repository = repository(case);
    let before = repository.files();
    let mut run = blocks(case, &repository, OVERLAY);
    let commits = || repository.log().len();
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    run.assert_settled();
    let application = repository.read(APPLICATION).expect("the Application");
    assert!(application.contains("path: k8s/overlays/prod"), "{application}");

    // Somebody else sets images, with kustomize itself: that is no drift, and it outlives our changes.
    let set = ["edit", "set", "image", "nginx=r.example/nginx:1.28"];
    repository.run("k8s/overlays/prod", "kustomize", &set);
    repository.push("a new nginx");
    run.assert_settled();
    run.var("replicas", "2");
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    let now = built(&repository, "k8s/overlays/prod");
    assert!(now.contains("image: r.example/nginx:1.28") && now.contains("replicas: 2"), "{now}");
    assert_eq!(commits(), 4);
    // They are ours from here on.
    run.var("images", json!({"acme/web": "ghcr.io/acme/web:1.4.2"}).to_string());
    run.apply().success();
    run.assert_settled();
    let now = built(&repository, "k8s/overlays/prod");
    assert!(now.contains("image: ghcr.io/acme/web:1.4.2") && now.contains("image: nginx:1.27"), "{now}");

    let (file, theirs) =
        (repository.read(FILE).expect("the file"), "generatorOptions:\n  disableNameSuffixHash: true\n");
    repository.write(FILE, &file.replace("count: 2", "count: 7"));
    repository.remove(&[APPLICATION]);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    repository.write(FILE, &format!("{file}{theirs}"));
    let plan = run.plan().success();
    plan.outcome.clone().says("Somebody changed `generatorOptions`");
    plan.assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    assert_eq!((repository.read(FILE), repository.read(APPLICATION)), (Some(file), Some(application)));
    repository.remove(&[APPLICATION, FILE]);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();

    let written = commits();
    run.import(ADDRESS, "main:web-prod").assert_same_but(&["git", "timeouts"]);
    run.apply().success();
    if case.cli().imports_by_identity() {
        let url = repository.url();
        let identity = format!("{{ name = \"web-prod\", repository_url = {url:?}, branch = \"main\" }}");
        run.import_by_identity(ADDRESS, &identity);
    }
    run.assert_settled();
    assert_eq!(commits(), written, "an import writes nothing");
    repository.write("k8s/overlays/prod/theirs.yaml", "a: 1\n");
    run.destroy().success();
    let left: Vec<_> = repository.files().into_iter().filter(|path| !before.contains(path)).collect();
    assert_eq!((left, commits()), (vec!["k8s/overlays/prod/theirs.yaml".to_owned()], written + 2));
}

/// Everything that an overlay can say, with values that YAML readers stumble over, and a file of `gitops_files` beside it.
pub fn are_built_by_kustomize(case: &Case) {
    let repository = repository(case);
    let mut run = blocks(case, &repository, EVERYTHING);
    let made =
        ["gitops_files.beside: create", "gitops_overlay.everything: create", "terraform_data.later: create"];
    run.plan().success().assert_changes(&made);
    run.apply().success();
    run.assert_settled();
    assert_snapshot!("everything_as_kustomize_builds_it", built(&repository, "k8s/overlays/everything"));
    assert_eq!(repository.log().len(), 3);
    run.destroy().success();
    assert_eq!(repository.files().len(), 4);
}

const EVERYTHING: &str = r#"
resource "terraform_data" "later" {
  input = { tag = ":2", value = "no" }
}

resource "gitops_files" "beside" {
  name = "beside"
  files = {
    "k8s/overlays/everything/env.yaml" = yamlencode({
      apiVersion = "apps/v1"
      kind       = "Deployment"
      metadata   = { name = "web" }
      spec = { template = { spec = { containers = [{ name = "web", env = [{ name = "MODE", value = terraform_data.later.output.value }] }] } } }
    })
    "k8s/overlays/everything/extra.yaml" = yamlencode({
      apiVersion = "v1"
      kind       = "ConfigMap"
      metadata   = { name = "extra" }
      data       = { norway = terraform_data.later.output.value }
    })
  }
}

resource "gitops_overlay" "everything" {
  name        = "everything"
  path        = "k8s/overlays/everything"
  bases       = ["../../base", "extra.yaml"]
  components  = ["../../tunnel"]
  namespace   = "shop"
  name_prefix = "p-"
  name_suffix = "-eu"
  labels      = { team = "on", version = "1.10" }
  annotations = { note = "12:30:45", octal = "0755", text = "a: b # c" }
  images = {
    "acme/web" = terraform_data.later.output.tag
    "nginx"    = "r.example:5000/nginx:1.10@sha256:${sha256("nginx")}"
  }
  replicas = { web = 0 }
  patches = [
    { path = "env.yaml" },
    {
      target = { kind = "ConfigMap", name = "tunnel|extra" }
      patch  = yamlencode([{ op = "add", path = "/data/more", value = "yes" }])
    },
    {
      patch = <<-EOT
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: extra
        data:
          script: |
            #!/bin/sh
            echo "~"
      EOT
    },
  ]
  depends_on = [gitops_files.beside]
}
"#;

/// What is wrong by itself, what is not in the repository or in the way, and two overlays for one file.
pub fn that_cannot_be_written_are_named(case: &Case) {
    let repository = repository(case);
    let url = repository.url();
    let places = [(url.as_str(), "REPOSITORY")];
    let overlay = |name: &str, lines: &str| {
        format!(
            "resource \"gitops_overlay\" \"{name}\" {{\n  name = \"{name}\"\n  path = \"k8s/overlays/{name}\"\n{lines}\n}}\n"
        )
    };
    let base = "  bases = [\"../../base\"]";
    let wrong = [
        overlay("none", "  bases = []"),
        overlay("climbs", "  bases = [\"../../../../base\"]"),
        overlay("circle", "  bases = [\"..\"]"),
        overlay("tag", &format!("{base}\n  images = {{ \"nginx\" = \"1.28\" }}")),
        overlay("count", &format!("{base}\n  replicas = {{ web = -1 }}")),
        overlay("patch", &format!("{base}\n  patches = [{{ patch = \"- op: remove\" }}]")),
        overlay("secret", "  bases = [\"https://me:hunter2@git.example.com/p.git//base\"]"),
    ];
    let mut run = blocks(case, &repository, &wrong.concat());
    assert_snapshot!("overlays_that_cannot_be", run.command(&["plan", "-json"]).failure().errors(&places));

    let twice = "  application = { name = \"same\" }\n  bases = [\"../../base\"]";
    let mut run = blocks(case, &repository, &[overlay("one", twice), overlay("two", twice)].concat());
    let errors = run.command(&["plan", "-json"]).failure().errors(&places);
    // Which of the two is planned first is open.
    let errors: Vec<_> = errors.lines().filter(|line| line.starts_with("  ")).map(str::trim).collect();
    assert_snapshot!("two_overlays_for_one_application", errors.join("\n"));

    repository.write("k8s/overlays/theirs/kustomization.yaml", "resources: []\n");
    let before = repository.log().len();
    let missing = [
        overlay("base", "  bases = [\"../../base\", \"../../bass\"]"),
        overlay("file", "  bases = [\"../../base/web.yaml\"]"),
        overlay("plain", &format!("{base}\n  patches = [{{ path = \"env.yaml\" }}]")),
        overlay("theirs", base),
    ];
    let mut run = blocks(case, &repository, &missing.concat());
    let errors = run.command(&["apply", "-json", "-auto-approve"]).failure().errors(&places);
    assert_snapshot!("overlays_that_the_repository_does_not_take", errors);
    assert!(run.state().addresses().is_empty());
    assert_eq!(repository.log().len(), before);
}
