//! `gitops_sealed_secret` and `gitops_sealed_value`: what is sealed opens with the real `kubeseal`, and is nowhere else.

use crate::files::{INPUTS, PROVIDER, blocks, with_repository};
use gitops_acceptance_tests::sealing_pair::{RsaKeySize, SealingPair};
use gitops_acceptance_tests::{Canary, Case, Outcome, Repository, Workspace};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

const ADDRESS: &str = "gitops_sealed_secret.app";
const PATH: &str = "apps/shop/app.yaml";

const SEALED: &str = r#"
variable "certificate" {
  type = string
}

variable "values" {
  type      = map(string)
  ephemeral = true
}

variable "revision" {
  type    = number
  default = null
}

variable "scope" {
  type    = string
  default = null
}

variable "path" {
  type    = string
  default = "apps/shop/app.yaml"
}

variable "value_path" {
  type    = string
  default = null
}

resource "gitops_sealed_secret" "app" {
  namespace        = "shop"
  name             = "app"
  path             = var.path
  value_path       = var.value_path
  certificate      = var.certificate
  scope            = var.scope
  data_wo          = var.values
  data_wo_revision = var.revision
}
"#;

/// The key pair of a controller: its certificate, and a file with its private key.
struct Pair {
    certificate: String,
    key: PathBuf,
}

impl Pair {
    fn new(case: &Case, name: &str) -> Self {
        let SealingPair { certificate, key } = SealingPair::new(RsaKeySize::_2048);
        let file = case.dir().join(name);
        fs::write(&file, key).expect("a file");
        Self { certificate, key: file }
    }

    /// What `kubeseal` makes of a SealedSecret.
    fn unsealed(&self, case: &Case, sealed: &str) -> Outcome {
        let key = self.key.to_string_lossy();
        let arguments = ["--recovery-unseal", "--recovery-private-key", &key, "--format", "json"];
        let program = case.lab().program("kubeseal").args(arguments).input(sealed);
        program.run(&case.dir().join("kubeseal"))
    }

    /// The values of a SealedSecret.
    #[track_caller]
    fn opened(&self, case: &Case, sealed: &str) -> Value {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let secret = self.unsealed(case, sealed).success().json();
        let text = |value: &Value| {
            let bytes = STANDARD.decode(value.as_str().unwrap_or_default()).expect("base64");
            String::from_utf8(bytes).expect("text")
        };
        let data = secret["data"].as_object().expect("data").iter();
        data.map(|(key, value)| (key.clone(), json!(text(value)))).collect::<serde_json::Map<_, _>>().into()
    }
}

fn sealed(repository: &Repository, path: &str) -> String {
    repository.read(path).unwrap_or_else(|| panic!("there is no {path}"))
}

/// Bare ciphertexts as the template of a chart makes a SealedSecret of them.
fn templated(data: &Value) -> String {
    json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": {"namespace": "shop", "name": "app"}, "spec": {"encryptedData": data},
    })
    .to_string()
}

fn start(case: &Case, repository: &Repository, pair: &Pair) -> Workspace {
    let mut run = blocks(case, repository, SEALED);
    run.var("certificate", &pair.certificate);
    run
}

fn values(run: &mut Workspace, values: Value) {
    run.var("values", values.to_string());
}

/// The published examples come and go.
pub fn of_the_examples_live_and_die(case: &Case) {
    let chart = "# The shop.\nsecrets:\n  enabled: true\n  data: {}\n";
    let repository = case.lab().repository(case, &[("charts/shop/values-prod.yaml", chart)]);
    let pair = Pair::new(case, "tls.key");
    let mut run = case.example("gitops_sealed_secret");
    let git = "git = { url = var.repo_url, branch = \"main\" }";
    let place = format!(
        "resource \"gitops_sealed_secret\" \"database\" {{\n  {git}\n}}\nresource \"gitops_sealed_secret\" \"chart\" {{\n  \
         {git}\n  kubernetes = null\n  controller = null\n  certificate = var.sealing_certificate\n}}\n"
    );
    run.write("inputs.tf", INPUTS).write("place_override.tf", &format!("{PROVIDER}{place}"));
    with_repository(case, &mut run, &repository);
    run.var("sealing_certificate", &pair.certificate).var("database_password", "hunter2");
    run.plan().success();
    run.apply().success();
    run.assert_settled();
    let file = sealed(&repository, "apps/shop/database.yaml");
    assert_eq!(pair.opened(case, &file), json!({"PASSWORD": "hunter2"}));
    let values = sealed(&repository, "charts/shop/values-prod.yaml");
    assert!(values.starts_with("# The shop.\nsecrets:\n  enabled: true\n  data: {PASSWORD: "), "{values}");
    let commits = repository.log().len();
    run.apply().success();
    assert_eq!(repository.log().len(), commits, "nothing has changed");
    run.destroy().success();
    assert_eq!(repository.files(), ["charts/shop/values-prod.yaml"]);
    let left = sealed(&repository, "charts/shop/values-prod.yaml");
    assert_eq!(left, "# The shop.\nsecrets:\n  enabled: true\n");

    let mut run = case.example("gitops_sealed_value");
    let place = format!(
        "provider \"gitops\" {{\n}}\nresource \"gitops_sealed_value\" \"token\" {{\n  kubernetes = null\n  certificate = {:?}\n}}\n",
        pair.certificate
    );
    run.write("place_override.tf", &place).env("KUBECONFIG", "").var("api_token", "hunter2");
    run.apply().success();
    run.assert_settled();
    let token = run.state().output("sealed_token").clone();
    let one = templated(&json!({"TOKEN": token})).replace("\"app\"", "\"api\"");
    assert_eq!(pair.opened(case, &one), json!({"TOKEN": "hunter2"}));
    run.destroy().success();
}

/// From nothing to nothing: values, keys, the scope, the certificate and the revision, each one commit; drift, loss, imports.
pub fn live_in_git(case: &Case) {
    let repository = case.lab().repository(case, &[("README.md", "Ours.\n")]);
    let (pair, other) = (Pair::new(case, "one.key"), Pair::new(case, "two.key"));
    let mut run = start(case, &repository, &pair);
    let commits = || repository.log().len();
    values(&mut run, json!({"PASSWORD": "one", "USER": "app"}));
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    run.assert_settled();
    let first = sealed(&repository, PATH);
    assert_eq!(pair.opened(case, &first), json!({"PASSWORD": "one", "USER": "app"}));
    run.apply().success();
    assert_eq!((commits(), sealed(&repository, PATH)), (2, first.clone()));

    let changed = |run: &mut Workspace, pair: &Pair, commit: usize, expected: Value| {
        let before = sealed(&repository, PATH);
        run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
        run.apply().success();
        run.assert_settled();
        let now = sealed(&repository, PATH);
        assert_eq!((commits(), pair.opened(case, &now)), (commit, expected));
        assert!(now != before && repository.touched() == [PATH]);
    };
    values(&mut run, json!({"PASSWORD": "two", "USER": "app"}));
    changed(&mut run, &pair, 3, json!({"PASSWORD": "two", "USER": "app"}));
    values(&mut run, json!({"PASSWORD": "two"}));
    changed(&mut run, &pair, 4, json!({"PASSWORD": "two"}));
    run.var("scope", "namespace-wide");
    changed(&mut run, &pair, 5, json!({"PASSWORD": "two"}));
    run.var("certificate", &other.certificate);
    changed(&mut run, &other, 6, json!({"PASSWORD": "two"}));
    pair.unsealed(case, &sealed(&repository, PATH)).failure();
    run.var("revision", "1");
    run.apply().success();
    assert_eq!(commits(), 7);
    values(&mut run, json!({"PASSWORD": "three"}));
    run.assert_settled();
    run.var("revision", "2");
    changed(&mut run, &other, 8, json!({"PASSWORD": "three"}));

    // Put into another namespace, it does not open, in any scope but the widest.
    let elsewhere = sealed(&repository, PATH).replace("namespace: shop", "namespace: prod");
    other.unsealed(case, &elsewhere).failure();

    repository.write(PATH, &elsewhere);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    repository.remove(&[PATH]);
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: create")]);
    run.apply().success();
    assert_eq!(other.opened(case, &sealed(&repository, PATH)), json!({"PASSWORD": "three"}));

    run.import(ADDRESS, &format!("main:shop/app:{PATH}"));
    run.apply().success();
    run.assert_settled();
    if case.cli().imports_by_identity() {
        let identity = format!(
            "{{ namespace = \"shop\", name = \"app\", repository_url = {:?}, branch = \"main\" }}",
            repository.url()
        );
        run.import_by_identity(ADDRESS, &identity);
        run.apply().success();
        run.assert_settled();
    }
    run.destroy().success();
    assert_eq!(repository.files(), ["README.md"]);
}

/// Bare values, in a file in which others go on writing.
pub fn values_live_in_a_chart(case: &Case) {
    let chart = "# The shop.\nimage: {tag: v1}  # by CI\nsecrets:\n  enabled: true\n";
    let repository = case.lab().repository(case, &[("values-prod.yaml", chart)]);
    let pair = Pair::new(case, "tls.key");
    let mut run = start(case, &repository, &pair);
    run.var("path", "values-prod.yaml").var("value_path", "secrets.data");
    values(&mut run, json!({"PASSWORD": "one", "USER": "app"}));
    run.apply().success();
    run.assert_settled();
    let data = |text: &str| {
        let values: Value = serde_saphyr::from_str(text).expect("YAML");
        values["secrets"]["data"].clone()
    };
    let text = sealed(&repository, "values-prod.yaml");
    assert!(text.starts_with(&format!("{chart}  data:\n    PASSWORD: ")), "{text}");
    assert_eq!(pair.opened(case, &templated(&data(&text))), json!({"PASSWORD": "one", "USER": "app"}));

    repository.write("values-prod.yaml", &text.replace("tag: v1", "tag: v2"));
    run.assert_settled();
    values(&mut run, json!({"PASSWORD": "two"}));
    run.plan().success().assert_changes(&[&format!("{ADDRESS}: update")]);
    run.apply().success();
    run.assert_settled();
    let text = sealed(&repository, "values-prod.yaml");
    assert_eq!(pair.opened(case, &templated(&data(&text))), json!({"PASSWORD": "two"}));
    run.import(ADDRESS, "main:shop/app:values-prod.yaml#secrets.data");
    run.apply().success();
    run.assert_settled();
    run.destroy().success();
    assert_eq!(sealed(&repository, "values-prod.yaml"), chart.replace("tag: v1", "tag: v2"));
}

/// Values are in no file of a run, at the most talkative level, and in no object of the repository.
pub fn values_are_nowhere(case: &Case) {
    let repository = case.lab().repository(case, &[("README.md", "Ours.\n")]);
    let pair = Pair::new(case, "tls.key");
    let mut random = case.random();
    let (one, two) = (Canary::new(&mut random), Canary::new(&mut random));
    let mut run = start(case, &repository, &pair);
    let trace = run.logs().join("trace");
    run.env("TF_LOG", "TRACE").env("TF_LOG_PATH", trace.to_string_lossy());
    for canary in [&one, &two] {
        run.var("values", json!({"TOKEN": canary.value()}).to_string());
        run.plan().success();
        run.apply().success();
        run.plan().assert_empty();
    }
    // A failure says nothing of them either.
    run.var("path", "README.md/x");
    run.apply().failure();
    run.var("path", PATH);
    run.destroy().success();
    let traced = fs::read_to_string(&trace).expect("the trace");
    assert!(traced.contains("provider.terraform-provider-gitops"), "nothing of the provider is in the trace");
    let objects = repository.objects();
    for canary in [one, two] {
        canary.assert_absent(&case.dir());
        canary.assert_absent(&objects);
    }
}

/// What cannot be sealed, or has no place: each on its attribute, and nothing is written.
pub fn that_cannot_be_are_named(case: &Case) {
    let repository = case.lab().repository(case, &[("theirs.yaml", "a: 1\n")]);
    let pair = Pair::new(case, "tls.key");
    let url = repository.url();
    let places = [(url.as_str(), "REPOSITORY")];
    let block = |name: &str, more: &str| {
        format!(
            "resource \"gitops_sealed_secret\" \"{name}\" {{\n  namespace = \"shop\"\n  name = \"app\"\n  path = \"{name}.yaml\"\n  {more}\n}}\n"
        )
    };
    let given = format!("certificate = {:?}", pair.certificate);
    let small = include_str!("../../../gitops/src/seal/tests/known/small.pem");
    let expired = include_str!("../../../provider/src/resources/sealed_secret/tests/expired.pem");
    let invalid = [
        block("no_certificate", "certificate = \"hunter2\"\n  data_wo = { K = \"v\" }"),
        block("small", &format!("certificate = {small:?}\n  data_wo = {{ K = \"v\" }}")),
        block("key", &format!("{given}\n  data_wo = {{ \"a b\" = \"v\" }}")),
        block("missing", &format!("{given}\n  data_wo = {{ K = \"\" }}\n  required_keys = [\"K\", \"L\"]")),
        block(
            "large",
            &format!(
                "{given}\n  data_wo = {{ K = join(\"\", [for n in range(1024) : format(\"%01025d\", n)]) }}"
            ),
        ),
    ];
    let mut run = blocks(case, &repository, &invalid.concat());
    assert_snapshot!(
        "values_that_cannot_be_sealed",
        run.command(&["plan", "-json"]).failure().errors(&places)
    );

    let refused = [
        block("expired", &format!("certificate = {expired:?}\n  data_wo = {{ K = \"v\" }}")),
        block("controller", "data_wo = { K = \"v\" }"),
        block("theirs", &format!("{given}\n  data_wo = {{ K = \"v\" }}")),
    ];
    let mut run = blocks(case, &repository, &refused.concat());
    let errors = run.command(&["plan", "-json"]).failure().errors(&places);
    assert_snapshot!("a_certificate_that_has_expired", errors);
    let mut run = blocks(case, &repository, &refused[1..].concat());
    let errors = run.command(&["apply", "-json", "-auto-approve"]).failure().errors(&places);
    assert_snapshot!("values_that_have_no_place", errors);
    assert!(run.state().addresses().is_empty());

    repository.write("prod.yaml", "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: app, namespace: prod}\nspec: {encryptedData: {}}\n");
    run.command(&["import", "-no-color", "gitops_sealed_secret.theirs", "main:shop/app:prod.yaml"])
        .failure()
        .says("It is the SealedSecret `prod/app`, and not `shop/app`");
    assert_eq!(
        (repository.log().len(), repository.files()),
        (2, vec!["prod.yaml".into(), "theirs.yaml".into()])
    );
}
