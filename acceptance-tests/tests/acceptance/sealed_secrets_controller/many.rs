//! Hundreds of values in the three scopes, with the real controller and the real `kubeseal`: both open what we seal, and the
//! controller makes no difference between that and what `kubeseal` seals. Under another name, or in another namespace, it
//! is opened where the scope allows it, and nowhere else.

use super::{DEPLOYMENT, LABEL, LIMIT, certificate};
use crate::files::blocks;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gitops_acceptance_tests::{Case, Kubectl, Outcome, Repository, eventually};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;

/// In each scope: more than 500 together.
const VALUES: usize = 170;

/// A scope: whether what is sealed in it opens under another name, and in another namespace.
struct Scope {
    name: &'static str,
    renamed: bool,
    moved: bool,
}

const SCOPES: [Scope; 3] = [
    Scope { name: "strict", renamed: false, moved: false },
    Scope { name: "namespace-wide", renamed: true, moved: false },
    Scope { name: "cluster-wide", renamed: true, moved: true },
];

const BLOCKS: &str = r#"
variable "kubeconfig" {
  type = string
}

variable "namespace" {
  type = string
}

variable "texts" {
  type      = map(string)
  ephemeral = true
}

variable "binaries" {
  type      = map(string)
  ephemeral = true
}

resource "gitops_sealed_secret" "many" {
  for_each       = toset(["strict", "namespace-wide", "cluster-wide"])
  kubernetes     = { config_path = var.kubeconfig }
  controller     = { namespace = var.namespace }
  namespace      = var.namespace
  name           = "ours-${each.key}"
  path           = "many/${each.key}.yaml"
  scope          = each.key
  data_wo        = var.texts
  binary_data_wo = var.binaries
}
"#;

/// A role in another namespace, for a controller that looks there, too.
const GUEST: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: sealed-secrets-controller, namespace: OTHER}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: sealed-secrets-controller, namespace: NAMESPACE}]
"#;

/// A SealedSecret as it was made, or as somebody moved it.
struct Copy {
    namespace: String,
    name: String,
    text: String,
    opens: bool,
}

/// All of it, with the controller of `namespace`.
pub fn keep_to_their_scopes(case: &Case, kubectl: &Kubectl, namespace: &str, repository: &Repository) {
    let other = case.lab().namespace(case);
    looks_there_too(kubectl, namespace, other.name());
    let values = values(case);
    let (texts, binaries): (BTreeMap<_, _>, BTreeMap<_, _>) =
        values.iter().partition(|(_, value)| std::str::from_utf8(value).is_ok());
    let texts: Map<_, _> =
        texts.into_iter().map(|(key, value)| (key.clone(), json!(String::from_utf8_lossy(value)))).collect();
    let mut run = blocks(case, repository, BLOCKS);
    run.var("kubeconfig", case.lab().expect("KUBECONFIG")).var("namespace", namespace);
    run.var("texts", Value::Object(texts).to_string()).var("binaries", encoded(binaries).to_string());
    run.apply().success();
    run.assert_settled();

    let key = private_key(case, kubectl, namespace);
    let expected = encoded(&values);
    for scope in &SCOPES {
        let ours = repository.read(&format!("many/{}.yaml", scope.name)).expect("the SealedSecret");
        let theirs = sealed_by_kubeseal(case, &certificate(kubectl, namespace), namespace, scope, &expected);
        let ours = copies(&ours, &format!("ours-{}", scope.name), namespace, other.name(), scope);
        for copy in &ours {
            let opened = kubeseal(
                case,
                &["--recovery-unseal", "--recovery-private-key", &key, "--format", "json"],
                &copy.text,
            );
            match copy.opens {
                true => assert!(is(&opened.success().json(), &expected), "{} has other values", copy.name),
                false => drop(opened.failure()),
            }
        }
        let theirs = copies(&theirs, &format!("theirs-{}", scope.name), namespace, other.name(), scope);
        let all: Vec<_> = ours.into_iter().chain(theirs).collect();
        let texts: Vec<_> = all.iter().map(|copy| copy.text.trim_start_matches("---\n")).collect();
        kubectl.apply(&texts.join("\n---\n"), "acceptance");
        all.iter().for_each(|copy| copy.is_judged(kubectl, &expected));
        for copy in &all {
            kubectl.run(&["delete", "sealedsecret", &copy.name, "-n", &copy.namespace]);
        }
    }
    run.destroy().success();
}

impl Copy {
    /// The controller opens it, or says that it cannot, and there is no Secret then.
    #[track_caller]
    fn is_judged(&self, kubectl: &Kubectl, expected: &Value) {
        let Self { namespace, name, .. } = self;
        let secret = || kubectl.find(namespace, "secret", name);
        if self.opens {
            eventually(&format!("the Secret {name} in {namespace}"), LIMIT, || secret().is_some());
            assert!(is(&secret().expect("the Secret"), expected), "{name} has other values");
            return;
        }
        eventually(&format!("what is said of {name} in {namespace}"), LIMIT, || {
            let sealed = kubectl.find(namespace, "sealedsecret", name).expect("the SealedSecret");
            let said = sealed["status"]["conditions"].as_array().cloned().unwrap_or_default();
            said.iter().any(|said| {
                said["status"] == "False" && said["message"].to_string().contains("no key could decrypt")
            })
        });
        assert!(secret().is_none(), "{name} was opened in {namespace}");
    }
}

/// Whether a Secret has these values. Go says null of bytes that are none.
fn is(secret: &Value, expected: &Value) -> bool {
    let text = |(key, value): (&String, &Value)| (key.clone(), json!(value.as_str().unwrap_or_default()));
    let found = secret["data"].as_object().into_iter().flatten().map(text).collect();
    Value::Object(found) == *expected
}

/// It as it is, under another name, and in another namespace.
fn copies(text: &str, name: &str, namespace: &str, other: &str, scope: &Scope) -> [Copy; 3] {
    let renamed = format!("other-{name}");
    let copy = |to: &str, called: &str, opens: bool| Copy {
        namespace: to.to_owned(),
        name: called.to_owned(),
        text: text.replace(name, called).replace(namespace, to),
        opens,
    };
    [copy(namespace, name, true), copy(namespace, &renamed, scope.renamed), copy(other, name, scope.moved)]
}

/// Values of many sizes, from none to some hundred bytes; a third of them are no text.
fn values(case: &Case) -> BTreeMap<String, Vec<u8>> {
    let mut random = case.random();
    let mut value = |number: usize| match number % 3 {
        0 => random.word(number * number % 700).into_bytes(),
        1 => format!("{}\n\"\\ é$'%{number}", random.word(8)).into_bytes(),
        _ => random.word(number).bytes().map(|byte| byte | 0x80).collect(),
    };
    (0..VALUES).map(|number| (format!("key-{number}"), value(number))).collect()
}

/// As the data of a Secret.
fn encoded<'v>(values: impl IntoIterator<Item = (&'v String, &'v Vec<u8>)>) -> Value {
    let entries = values.into_iter().map(|(key, value)| (key.clone(), json!(STANDARD.encode(value))));
    Value::Object(entries.collect())
}

/// The controller starts anew, and opens what is in the other namespace as well.
fn looks_there_too(kubectl: &Kubectl, namespace: &str, other: &str) {
    kubectl.apply(&GUEST.replace("OTHER", other).replace("NAMESPACE", namespace), "acceptance");
    let argument = format!("--additional-namespaces={other}");
    let patch =
        json!([{ "op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": argument }]);
    kubectl.run(&["patch", DEPLOYMENT, "-n", namespace, "--type=json", "-p", &patch.to_string()]);
    kubectl.run(&["rollout", "status", DEPLOYMENT, "-n", namespace, "--timeout=120s"]);
    certificate(kubectl, namespace);
}

/// A file with the controller's only private key.
fn private_key(case: &Case, kubectl: &Kubectl, namespace: &str) -> String {
    let keys = kubectl.get(&["secret", "-n", namespace, "-l", LABEL]);
    assert_eq!(keys["items"].as_array().map(Vec::len), Some(1), "private keys");
    let key = keys["items"][0]["data"]["tls.key"].as_str().expect("a private key");
    let file = case.dir().join("tls.key");
    fs::write(&file, STANDARD.decode(key).expect("base64")).expect("a file");
    file.to_string_lossy().into_owned()
}

fn kubeseal(case: &Case, arguments: &[&str], input: &str) -> Outcome {
    case.lab().program("kubeseal").args(arguments).input(input).run(&case.dir().join("kubeseal"))
}

/// The same values as `kubeseal` seals them.
fn sealed_by_kubeseal(
    case: &Case,
    certificate: &str,
    namespace: &str,
    scope: &Scope,
    data: &Value,
) -> String {
    let file = case.dir().join("tls.crt");
    fs::write(&file, certificate).expect("a file");
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "data": data,
        "metadata": { "namespace": namespace, "name": format!("theirs-{}", scope.name) },
    });
    let arguments = ["--cert", &*file.to_string_lossy(), "--scope", scope.name, "--format", "yaml"];
    kubeseal(case, &arguments, &secret.to_string()).success().stdout
}
