//! Charts that are refused without Helm, and those that a real Helm renders.

use super::*;
use serde_json::json;

fn chart(repository: &str, name: &str, version: Option<&str>) -> Chart {
    Chart {
        repository: repository.into(),
        name: name.into(),
        version: version.map(Into::into),
        values: Value::Null,
    }
}

#[test]
fn charts_that_cannot_be() {
    let cases = [
        ("https://charts.example", "argo-cd", Some("9.1.0"), Value::Null),
        ("./charts", "argo-cd", None, json!("a: 1")),
        ("https://charts.example", "argo-cd", None, Value::Null),
        ("https://charts.example", "argo-cd", Some("--help"), Value::Null),
        ("http://charts.example", "argo-cd", Some("1.0.0"), Value::Null),
        ("oci://me:secret@ghcr.io/x", "argo-cd", Some("1.0.0"), Value::Null),
        ("", "argo-cd", None, Value::Null),
        ("./charts", "../argo-cd", None, Value::Null),
        ("./charts", "--debug", None, Value::Null),
        ("./charts", "argo-cd", None, json!([1])),
        ("./charts", "argo-cd", None, json!("a: [")),
    ];
    let texts = cases.map(|(repository, name, version, values)| {
        let chart = Chart { values, ..chart(repository, name, version) };
        match chart.validate() {
            Ok(()) => "fine".to_owned(),
            Err(error) => crate::error::chain(&error).replace('\n', "; "),
        }
    });
    insta::assert_snapshot!(texts.join("\n"), @"
            fine
            fine
            chart `argo-cd` has no version
            chart `argo-cd` has no version
            the chart repository cannot be used: it is neither `https` nor `oci`
            the chart repository cannot be used: it holds a user name or password
            the chart repository cannot be used: it is not the path of a directory
            `../argo-cd` cannot be the name of a chart
            `--debug` cannot be the name of a chart
            the chart's values are not a mapping
            the chart's values are not a mapping; Caused by: document 1 is not usable YAML (line 1): unclosed bracket '['
        ");
}

fn write(dir: &Path, path: &str, text: &str) {
    let path = dir.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn task() -> Task {
    Task::new(Default::default(), std::time::Duration::from_secs(60))
}

/// Says that there is no helm, past the test runner, which shows what a test prints only when it fails.
#[expect(clippy::disallowed_methods, reason = "`make kind` says that a skip will not do")]
fn skipped() {
    let why = "there is no helm on the PATH";
    assert!(std::env::var_os("GITOPS_TEST_REAL").is_none(), "{why}");
    gitops_acceptance_tests::skipped(why);
}

/// Renders a chart whose one template is `template`, or `None` where there is no helm.
async fn rendered(template_text: &str, values: Value) -> Option<Result<String, Error>> {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "demo/Chart.yaml", "apiVersion: v2\nname: demo\nversion: 1.0.0\n");
    write(dir.path(), "demo/crds/crd.yaml", "kind: CustomResourceDefinition\n");
    write(dir.path(), "demo/templates/a.yaml", template_text);
    let chart = Chart { values, ..chart(dir.path().to_str().unwrap(), "demo", None) };
    match template(&task(), &chart, "argocd", "cd").await {
        Err(Error::Helm { source: run::Error::Missing { .. }, .. }) => {
            skipped();
            None
        }
        result => Some(result.map(|text| String::from_utf8(text).unwrap())),
    }
}

#[tokio::test]
async fn a_chart_is_rendered_with_its_values() {
    let text = "kubernetes: {{ .Capabilities.KubeVersion.Minor }}\nname: {{ .Release.Name }}\nnamespace: {{ .Release.Namespace }}\na: {{ .Values.a | quote }}\n";
    let Some(rendered) = rendered(text, json!({"a": "x\ny"})).await else { return };
    let rendered = rendered.unwrap();
    for part in
        ["kind: CustomResourceDefinition", "kubernetes: 33", "name: argocd", "namespace: cd", r#"a: "x\ny""#]
    {
        assert!(rendered.contains(part), "{part} in {rendered}");
    }
}

#[tokio::test]
async fn a_chart_that_makes_up_values_is_refused() {
    let Some(rendered) = rendered("a: 1\npassword: {{ randAlphaNum 20 }}\n", Value::Null).await else {
        return;
    };
    let error = rendered.unwrap_err();
    assert!(matches!(&error, Error::Unsteady { .. }), "{error}");
}

#[tokio::test]
async fn a_chart_that_is_not_there() {
    let error = template(&task(), &chart("/nowhere", "argo-cd", None), "argocd", "cd").await.unwrap_err();
    assert_eq!(error.to_string(), "`/nowhere/argo-cd` holds no chart");
}

/// Renders all values of a chart with so many files of values onto its own, or `None` where there is no helm.
async fn values_of(own: &Value, files: &[&Value]) -> Option<Value> {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "demo/Chart.yaml", "apiVersion: v2\nname: demo\nversion: 1.0.0\n");
    write(dir.path(), "demo/values.yaml", &own.to_string());
    write(dir.path(), "demo/templates/all.yaml", "{{ .Values | toJson }}\n");
    let mut program = helm(&dir, "template").arg(dir.path().join("demo"));
    for (at, values) in files.iter().enumerate() {
        let name = format!("{at}.yaml");
        write(dir.path(), &name, &values.to_string());
        program = program.arg("--values").arg(dir.path().join(name));
    }
    let output = match program.run(&task()).await {
        Err(run::Error::Missing { .. }) => {
            skipped();
            return None;
        }
        output => output.unwrap().stdout,
    };
    let text = String::from_utf8(output).unwrap();
    let json = text.lines().find(|line| line.starts_with('{')).expect("a line of values");
    Some(serde_json::from_str(json).unwrap())
}

/// One file of values that we merged is to Helm what the two of them are, whatever the chart itself says.
#[tokio::test]
async fn values_merge_as_helm_merges_its_files() {
    use crate::tenant::merge_values;
    use proptest::{
        strategy::{Strategy as _, ValueTree as _},
        test_runner::TestRunner,
    };
    // Of 125 names each has most, so that many are in all three.
    let many = proptest::collection::vec(("[a-e]{3}", crate::tenant::any_values()), 250);
    let mut runner = TestRunner::deterministic();
    let map = |pairs: Vec<(String, Value)>| Value::Object(pairs.into_iter().collect());
    let [own, defaults, values] = [(); 3].map(|()| map(many.new_tree(&mut runner).unwrap().current()));
    let Some(helms) = values_of(&own, &[&defaults, &values]).await else { return };
    let ours = values_of(&own, &[&merge_values(&defaults, &values)]).await.unwrap();
    assert_eq!(ours, helms);
    assert_ne!(helms, defaults, "nothing was merged");
}
