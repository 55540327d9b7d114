//! `gitops_image_release`: its life in Git, where no cluster is; what kustomize and helm make of it; what is refused.

use super::files::{INPUTS, PROVIDER, blocks, with_repository};
use gitops_acceptance_tests::{Case, Repository, Workspace};
use insta::assert_snapshot;

const WEB: &str = "gitops_image_release.web";
const WORKER: &str = "gitops_image_release.worker";
const API: &str = "gitops_image_release.api";

const KUSTOMIZATION: &str = "apps/web/kustomization.yaml";
const MANIFESTS: &str = "apps/worker/manifests.yaml";
const VALUES: &str = "charts/api/values.yaml";

/// As people write them: comments, blank lines, quotes and an order of their own, and one with CRLF.
const FILES: [(&str, &str); 6] = [
    (
        KUSTOMIZATION,
        "# The shop.\nresources:\n  - pod.yaml # shared\n\nimages:\n  # by CI, until now\n  - newTag: 1.0.0   # see #42\n    name: ghcr.io/acme/web\n\n# the end\n",
    ),
    (
        "apps/web/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: ghcr.io/acme/web}]}\n",
    ),
    (
        MANIFESTS,
        "kind: Service\r\nmetadata: {name: worker}\r\n---\r\nkind: Deployment\r\nmetadata:\r\n  name: worker\r\nspec:\r\n  template:\r\n    spec:\r\n      containers:\r\n      - image: 'ghcr.io/acme/worker:1.0.0' # keep\r\n        name: worker",
    ),
    (
        VALUES,
        "replicas: 2\nimage:\n  repository: ghcr.io/acme/api # ours\n  tag: \"1.0\"\n\n  pullPolicy: IfNotPresent\n",
    ),
    ("charts/api/Chart.yaml", "apiVersion: v2\nname: api\nversion: 1.0.0\n"),
    (
        "charts/api/templates/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: api}\nspec: {containers: [{name: api, image: \"{{ .Values.image.repository }}:{{ .Values.image.tag }}@{{ .Values.image.digest }}\"}]}\n",
    ),
];

const DIGEST: &str = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

const TAG: &str = "variable \"tag\" {\n  type    = string\n  default = \"1.4.2\"\n}\n";

/// The published example, in `repository`.
fn example(case: &Case, repository: &Repository) -> Workspace {
    let mut run = case.example("gitops_image_release");
    let place =
        |name: &str| release(name, "  git = { url = var.repo_url, branch = \"main\" }\n  tag = var.tag");
    run.write("inputs.tf", &format!("{INPUTS}{TAG}"));
    run.write("place_override.tf", &format!("{PROVIDER}{}", ["web", "worker", "api"].map(place).concat()));
    with_repository(case, &mut run, repository);
    run
}

/// The three files with another tag, and nothing else that is different.
fn assert_released(repository: &Repository, tag: &str) {
    let quoted = if tag.matches('.').count() == 1 { format!("\"{tag}\"") } else { tag.to_owned() };
    let expected = |path: &str, pairs: &[(&str, String)]| {
        let (_, text) = FILES.iter().find(|(name, _)| *name == path).expect("one of the files");
        pairs.iter().fold((*text).to_owned(), |text, (old, new)| text.replacen(old, new, 1))
    };
    let files = [
        (KUSTOMIZATION, expected(KUSTOMIZATION, &[("newTag: 1.0.0", format!("newTag: {quoted}"))])),
        (MANIFESTS, expected(MANIFESTS, &[("worker:1.0.0", format!("worker:{tag}"))])),
        (
            VALUES,
            expected(
                VALUES,
                &[
                    ("\"1.0\"", format!("\"{tag}\"")),
                    ("IfNotPresent\n", format!("IfNotPresent\n  digest: {DIGEST}\n")),
                ],
            ),
        ),
    ];
    for (path, expected) in files {
        assert_eq!(repository.read(path).as_deref(), Some(expected.as_str()), "{path}");
    }
}

/// Create, update, drift, another writer, import and destroy: each change is on its line.
pub fn live_in_git(case: &Case) {
    let repository = case.lab().repository(case, &FILES);
    let mut run = example(case, &repository);
    let commits = || repository.log().len();
    let addresses = [API, WEB, WORKER];
    let planned = |action: &str| addresses.map(|address| format!("{address}: {action}"));

    run.plan().success().assert_changes(&planned("create").each_ref().map(String::as_str));
    run.apply().success();
    run.assert_settled();
    assert_released(&repository, "1.4.2");
    let made = commits();
    assert!((2..=4).contains(&made), "{made} commits");
    let says = repository.git(&["log", "--format=%B", "origin/main"]).stdout;
    assert!(says.contains("deploy(worker): update image to 1.4.2 [skip ci]"), "{says}");

    // A tag that YAML takes for a number.
    run.var("tag", "1.5");
    run.plan().success().assert_changes(&planned("update").each_ref().map(String::as_str));
    run.apply().success();
    run.assert_settled();
    assert_released(&repository, "1.5");
    render(&repository);

    // Others write to the files, and then to the places of the images.
    let made = commits();
    let change = |path: &str, old: &str, new: &str| {
        let text = repository.read(path).expect("the file");
        assert!(text.contains(old), "{text}");
        repository.write(path, &text.replacen(old, new, 1));
    };
    change(KUSTOMIZATION, "# the end", "# The End");
    run.plan().assert_empty();
    change(KUSTOMIZATION, "# The End", "# the end");
    change(KUSTOMIZATION, "newTag: \"1.5\"", "newTag: 1.6.0");
    change(MANIFESTS, "worker:1.5", &format!("worker:1.5@{DIGEST}"));
    run.plan().success().assert_changes(&[&format!("{WEB}: update"), &format!("{WORKER}: update")]);
    run.apply().success();
    run.assert_settled();
    assert_released(&repository, "1.5");
    assert!((made + 5..=made + 6).contains(&commits()), "{} after {made} commits", commits());

    let made = commits();
    let provider_side = ["git", "message", "timeouts"];
    let id = format!("main:{KUSTOMIZATION}#images[name=ghcr.io/acme/web]");
    run.import(WEB, &id).assert_same_but(&["git", "message", "timeouts", "commit"]);
    let id = format!("main:{MANIFESTS}#Deployment/worker#spec.template.spec.containers[name=worker].image");
    let imported = run.import(WORKER, &id);
    assert_eq!(imported.attribute("image"), "ghcr.io/acme/worker");
    let more = [&provider_side[..], &["image", "commit"]].concat();
    imported.assert_same_but(&more);
    run.apply().success();
    if case.cli().imports_by_identity() {
        let url = repository.url();
        let identity =
            format!("{{ file = {VALUES:?}, path = \"image\", repository_url = {url:?}, branch = \"main\" }}");
        run.import_by_identity(API, &identity);
    }
    run.assert_settled();
    assert_eq!(commits(), made, "an import writes nothing");

    run.destroy().success();
    assert_released(&repository, "1.5");
    assert_eq!(commits(), made, "a destroy leaves what runs");
}

/// What kustomize and helm make of the files.
fn render(repository: &Repository) {
    let built = repository.run("apps/web", "kustomize", &["build"]);
    built.says("image: ghcr.io/acme/web:1.5");
    let rendered = repository.run("charts", "helm", &["template", "api", "./api"]);
    rendered.says(&format!("image: \"ghcr.io/acme/api:1.5@{DIGEST}\""));
}

/// The images of an overlay that leaves them to others: neither undoes what the other does.
pub fn live_beside_an_overlay(case: &Case) {
    let base = "resources:\n- pod.yaml\n";
    let repository =
        case.lab().repository(case, &[("base/kustomization.yaml", base), ("base/pod.yaml", FILES[1].1)]);
    let overlay = "\nresource \"gitops_overlay\" \"prod\" {\n  name = \"prod\"\n  path = \"prod\"\n  bases = [\"../base\"]\n  labels = { tag = var.tag }\n}\n";
    let lines = "  file = \"${gitops_overlay.prod.path}/kustomization.yaml\"\n  path = \"images[name=ghcr.io/acme/web]\"\n  format = \"kustomize\"\n  tag = var.tag";
    let mut run = blocks(case, &repository, &format!("{TAG}{overlay}{}", release("web", lines)));
    for tag in ["1.4.2", "1.5"] {
        run.var("tag", tag);
        run.apply().success();
        run.assert_settled();
        repository.run("prod", "kustomize", &["build"]).says(&format!("image: ghcr.io/acme/web:{tag}"));
    }
    run.destroy().success();
}

fn release(name: &str, lines: &str) -> String {
    format!("\nresource \"gitops_image_release\" \"{name}\" {{\n{lines}\n}}\n")
}

/// Two blocks for one place, however they spell it; other places of the file and other branches are no matter.
pub fn two_writers_are_refused(case: &Case) {
    let block = |name: &str, branch: &str, path: &str, more: &str| {
        let git = format!("  git = {{ url = \"https://git.example.com/p.git\", branch = {branch:?} }}");
        release(
            name,
            &format!(
                "{git}\n  file = \"values.yaml\"\n  path = {path:?}\n  format = \"tag\"\n  tag = \"1.4.2\"\n{more}"
            ),
        )
    };
    let all = [
        block("first", "main", "image.tag", ""),
        block("second", "main", "image['tag']", ""),
        block("elsewhere", "main", "sidecar.tag", ""),
        block("branch", "next", "image.tag", ""),
        block("document", "main", "image.tag", "  document = \"1\""),
    ];
    let mut run = case.blocks(&all.concat());
    let errors = run.command(&["plan", "-json"]).failure().errors(&[]);
    // Which of the two is planned first is open.
    assert_snapshot!("two_writers", errors.replace("second", "first"));

    let mapping = |name: &str, format: &str| {
        block(name, "main", "image", "").replace("\"tag\"", &format!("{format:?}"))
    };
    let all = [
        mapping("first", "helm"),
        block("second", "main", "image.digest", ""),
        block("other", "main", "image.pullPolicy", ""),
    ];
    let mut run = case.blocks(&all.concat());
    let errors = run.command(&["plan", "-json"]).failure().errors(&[]);
    let errors = errors.replace("second", "first").replace("path = \"image\"", "path = \"image.digest\"");
    assert_snapshot!("two_writers_of_a_line", errors);
}

/// A tag that another resource has yet to make is planned, and nobody is asked for it.
pub fn tags_may_be_unknown(case: &Case) {
    let lines = "  git = { url = \"https://git.example.com/p.git\" }\n  file = \"values.yaml\"\n  path = \"image\"\n  format = \"helm\"\n  tag = terraform_data.build.output";
    let build = "resource \"terraform_data\" \"build\" {\n  input = \"1.4.2\"\n}\n";
    let mut run = case.blocks(&format!(
        "{build}{}{}",
        release("web", lines),
        release("digest", &lines.replace("  tag", "  digest").replace("\"image\"", "\"other\""))
    ));
    let plan = run.plan().success();
    plan.assert_changes(&[
        "gitops_image_release.digest: create",
        &format!("{WEB}: create"),
        "terraform_data.build: create",
    ]);
}

/// Places and parts of images that cannot be: the plan says so.
pub fn places_that_cannot_be(case: &Case) {
    let block = |name: &str, lines: &str| {
        release(name, &format!("  git = {{ url = \"https://git.example.com/p.git\" }}\n{lines}"))
    };
    let all = [
        block("climbs", "  file = \"../web.yaml\"\n  path = \"image\"\n  tag = \"1\""),
        block("hash", "  file = \"a#b.yaml\"\n  path = \"image\"\n  tag = \"1\""),
        block("path", "  file = \"a.yaml\"\n  path = \"images[*].image\"\n  tag = \"1\""),
        block("document", "  file = \"a.yaml\"\n  path = \"image\"\n  document = \"second\"\n  tag = \"1\""),
        block("nothing", "  file = \"a.yaml\"\n  path = \"image\""),
        block("format", "  file = \"a.yaml\"\n  path = \"image\"\n  format = \"json\"\n  tag = \"1\""),
        block(
            "too_much",
            "  file = \"a.yaml\"\n  path = \"image.tag\"\n  format = \"tag\"\n  tag = \"1\"\n  image = \"web\"",
        ),
        block(
            "no_entry",
            "  file = \"a.yaml\"\n  path = \"images[0]\"\n  format = \"kustomize\"\n  tag = \"1\"",
        ),
        block("tag", "  file = \"a.yaml\"\n  path = \"image\"\n  tag = \"v1 beta\""),
        block("digest", "  file = \"a.yaml\"\n  path = \"image\"\n  digest = \"sha256:abc\""),
        block("image", "  file = \"a.yaml\"\n  path = \"image\"\n  image = \"Web:1\"\n  tag = \"1\""),
    ];
    let mut run = case.blocks(&all.concat());
    assert_snapshot!("places_that_cannot_be", run.command(&["plan", "-json"]).failure().errors(&[]));
}

/// Files that do not have the place, or in which it cannot be edited alone: nothing is written.
pub fn places_that_are_not_there(case: &Case) {
    let files = [
        FILES[2],
        ("anchors.yaml", "image: &image web:1\nother: *image\n"),
        ("block.yaml", "image: >-\n  web:1\n"),
        ("reference.yaml", "image: web:1\n"),
        ("twice.yaml", "image: web:1\nimage: web:2\n"),
        ("template.yaml", "image: {{ .Values.image }}:{{ .Values.tag }}\n"),
        ("flux.yaml", "image: web:1 # {\"$imagepolicy\": \"flux-system:web\"}\n"),
    ];
    let repository = case.lab().repository(case, &files);
    let block = |name: &str, file: &str, lines: &str| {
        release(name, &format!("  file = {file:?}\n  tag = \"1.4.2\"\n{lines}"))
    };
    let image = "  path = \"image\"";
    let all = [
        block("no_file", "none.yaml", image),
        block("no_document", MANIFESTS, image),
        block("other_document", MANIFESTS, &format!("  document = \"Deployment/web\"\n{image}")),
        block(
            "no_path",
            MANIFESTS,
            "  document = \"Deployment/worker\"\n  path = \"spec.containers[0].image\"",
        ),
        block(
            "no_item",
            MANIFESTS,
            "  document = \"1\"\n  path = \"spec.template.spec.containers[name=web].image\"",
        ),
        block("mapping", MANIFESTS, "  document = \"1\"\n  path = \"spec.template\""),
        block("helm", "reference.yaml", &format!("  format = \"helm\"\n{image}")),
        block("anchors", "anchors.yaml", image),
        block("block", "block.yaml", image),
        block("twice", "twice.yaml", image),
        block("template", "template.yaml", image),
        block("flux", "flux.yaml", image),
    ];
    let mut run = blocks(case, &repository, &all.concat());
    let errors = run.command(&["apply", "-json", "-auto-approve"]).failure().errors(&[]);
    assert_snapshot!("places_that_are_not_there", errors);
    assert!(run.state().addresses().is_empty(), "{:?}", run.state().addresses());
    assert_eq!(repository.log().len(), 1);
}
