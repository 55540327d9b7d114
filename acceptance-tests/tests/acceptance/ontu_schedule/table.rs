//! In what the environments differ: eleven properties of three environments, read from objects, be they rendered or live.

use serde_json::{Value, json};

/// The environments, in the order of the columns.
pub const ENVIRONMENTS: [&str; 3] = ["dev", "staging", "prod"];

/// The properties: a name, and what each environment has.
#[rustfmt::skip] // one line per property
const TABLE: [(&str, [&str; 3]); 11] = [
    ("namespace", ["ontu-schedule-dev", "ontu-schedule-staging", "ontu-schedule-prod"]),
    ("image tag", ["develop", "staging", "v1.0.0"]),
    ("replicas", ["1", "2", "3"]),
    ("automatic sync", ["yes", "yes", "no"]),
    ("prune", ["yes", "yes", "no"]),
    ("self-heal", ["yes", "yes", "no"]),
    ("autoscaling", ["no", "2 to 5 at cpu 70 % memory 80 %", "3 to 10 at cpu 70 % memory 80 %"]),
    ("CPU", ["50m to 200m", "100m to 400m", "200m to 1000m"]),
    ("memory", ["64Mi to 256Mi", "128Mi to 512Mi", "256Mi to 1Gi"]),
    ("log level", ["debug", "info", "warn"]),
    ("anti-affinity", ["no", "no", "yes"]),
];

/// An environment: its Application, and the objects of its chart.
pub struct Environment {
    /// Its name.
    pub name: &'static str,
    /// What Argo CD is to do with it.
    pub application: Value,
    /// What the chart is in it.
    pub objects: Vec<Value>,
}

impl Environment {
    /// The object of a kind; null where it has none.
    pub fn of(&self, kind: &str) -> &Value {
        self.objects.iter().find(|object| object["kind"] == kind).unwrap_or(&Value::Null)
    }

    /// The pod that its Deployment describes.
    pub fn pod(&self) -> &Value {
        &self.of("Deployment")["spec"]["template"]["spec"]
    }

    /// What it has of each property, in the order of the table.
    fn cells(&self) -> [String; 11] {
        let automated = &self.application["spec"]["syncPolicy"]["automated"];
        let container = &self.pod()["containers"][0];
        let image = container["image"].as_str().unwrap_or_default();
        let range = |resource: &str| {
            let of = |what: &str| quantity(&container["resources"][what][resource], resource);
            format!("{} to {}", of("requests"), of("limits"))
        };
        let apart = &self.pod()["affinity"]["podAntiAffinity"];
        [
            text(&self.of("Deployment")["metadata"]["namespace"]),
            image.rsplit_once(':').map_or("none", |(_, tag)| tag).to_owned(),
            text(&self.of("Deployment")["spec"]["replicas"]),
            yes(!automated.is_null()),
            yes(automated["prune"] == true),
            yes(automated["selfHeal"] == true),
            autoscaling(self.of("HorizontalPodAutoscaler")),
            range("cpu"),
            range("memory"),
            text(&self.of("ConfigMap")["data"]["LOG_LEVEL"]),
            yes(!apart.is_null()),
        ]
    }
}

/// Demands that the environments, in the order of the columns, have what the table says.
#[track_caller]
pub fn assert_cells(environments: &[Environment; 3]) {
    let found = environments.each_ref().map(Environment::cells);
    let (mut compared, mut wrong) = (0, Vec::new());
    for (row, (property, expected)) in TABLE.iter().enumerate() {
        for (column, expected) in expected.iter().enumerate() {
            let (environment, found) = (environments[column].name, &found[column][row]);
            assert_eq!(environment, ENVIRONMENTS[column], "the environments are in another order");
            compared += 1;
            if found != expected {
                wrong.push(format!("{property} of {environment}: {found}, and not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty() && compared == 33, "of {compared} cells:\n{}", wrong.join("\n"));
}

/// What the chart says of the security of its pods is the same in all environments.
#[track_caller]
pub fn assert_restricted(environment: &Environment) {
    let (pod, container) = (environment.pod(), &environment.pod()["containers"][0]);
    assert_eq!(
        (&pod["securityContext"], &container["securityContext"]),
        (
            &json!({ "runAsNonRoot": true, "runAsUser": 1000, "seccompProfile": { "type": "RuntimeDefault" } }),
            &json!({
                "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": { "drop": ["ALL"] },
            })
        ),
        "{}",
        environment.name
    );
}

/// Demands that a README has the table, whatever it has in capitals or as code.
#[track_caller]
pub fn assert_told(readme: &str) {
    let told = readme.replace('`', "").to_lowercase();
    for (property, cells) in TABLE {
        let line = format!("| {property} | {} |", cells.join(" | ")).to_lowercase();
        assert!(told.contains(&line), "the README does not have {line}");
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn yes(is: bool) -> String {
    if is { "yes".to_owned() } else { "no".to_owned() }
}

/// A quantity, of CPU in thousandths: an API server writes `1` where somebody asked for `1000m`.
fn quantity(value: &Value, resource: &str) -> String {
    let text = text(value);
    match (resource, text.parse::<u32>()) {
        ("cpu", Ok(whole)) => format!("{}m", whole * 1000),
        _ => text,
    }
}

/// Bounds and targets of an autoscaler.
fn autoscaling(scaler: &Value) -> String {
    if scaler.is_null() {
        return "no".to_owned();
    }
    let spec = &scaler["spec"];
    let target = |metric: &Value| {
        let of = &metric["resource"];
        format!("{} {} %", text(&of["name"]), of["target"]["averageUtilization"])
    };
    let targets: Vec<_> = spec["metrics"].as_array().into_iter().flatten().map(target).collect();
    format!("{} to {} at {}", spec["minReplicas"], spec["maxReplicas"], targets.join(" "))
}
