//! The table of the example on what Helm and the provider render, without a cluster or a repository.

use super::super::{charts, sealed_secrets_controller};
use super::planned::{NOWHERE, applications, plan};
use super::table::{Environment, assert_cells, assert_restricted, assert_told};
use super::{APP, EXAMPLE, example};
use gitops_acceptance_tests::Case;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// All 33 cells of the table, as Helm and the provider render them, and what holds in every environment.
pub fn is_rendered_as_the_table_says(case: &Case) {
    let example = case.project().join(EXAMPLE);
    let read = |file: &str| fs::read_to_string(example.join(file)).expect("a file of the example");
    assert_told(&read("README.md"));
    let controller =
        format!("docker.io/bitnami/sealed-secrets-controller:{}", sealed_secrets_controller::version());
    assert!(
        read("repository/infrastructure/sealed-secrets/controller.yaml").contains(&controller),
        "not {controller}"
    );
    let chart = example.join("repository/apps").join(APP);
    let lint = ["lint", ".", "--values", "values-prod.yaml", "--strict"];
    case.lab().program("helm").args(lint).dir(&chart).run(&case.dir().join("lint")).success();
    let [dev, staging, prod] = planned(case);
    let rendered = |name: &'static str, application: Value| {
        let objects = rendered_by_helm(case, &chart, name);
        Environment { name, application, objects }
    };
    let environments = [rendered("dev", dev), rendered("staging", staging), rendered("prod", prod)];
    assert_cells(&environments);
    for environment in &environments {
        let place = &environment.application["spec"]["destination"]["namespace"];
        assert_eq!(*place, environment.of("Namespace")["metadata"]["name"]);
        assert_eq!(environment.application["spec"]["project"], "ontu-schedule");
        assert_eq!(environment.of("Service")["spec"]["type"], "ClusterIP");
        assert_eq!(environment.of("Ingress"), &Value::Null);
        assert_eq!(
            environment.of("SealedSecret")["spec"]["encryptedData"],
            json!({}),
            "nothing is sealed yet"
        );
        assert_restricted(environment);
    }
}

/// What Helm makes of the chart in `directory` for an environment.
fn rendered_by_helm(case: &Case, directory: &Path, environment: &str) -> Vec<Value> {
    let values = format!("values-{environment}.yaml");
    let namespace = format!("ontu-schedule-{environment}");
    let arguments = ["template", APP, ".", "--namespace", &namespace, "--values", &values];
    let program = case.lab().program("helm").args(arguments).dir(directory);
    charts::objects(&program.run(&case.dir().join("helm")).success().stdout)
}

/// What the example writes of the Applications of the environments, planned without a cluster or a repository.
fn planned(case: &Case) -> [Value; 3] {
    let mut run = example(case, NOWHERE);
    run.var("kubeconfig", "none");
    applications(&plan(&mut run))
}
