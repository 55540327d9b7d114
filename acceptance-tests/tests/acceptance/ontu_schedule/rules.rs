//! What the project, the pods' security and the scheduler allow and do.

use super::super::bootstraps::NAMESPACE;
use super::APP;
use super::stage::{LIMIT, Stage};
use gitops_acceptance_tests::{Case, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const APPLICATION: &str = "application.argoproj.io";

/// A kind that has no namespace and that the project does not have.
const ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: ontu-schedule-foreign}\nrules: []\n";

impl Stage {
    /// Other repositories, other namespaces and other kinds are refused; a role that may sync development may not sync
    /// production.
    pub fn keeps_to_its_rules(&self, case: &Case) {
        self.apps.repository.write("foreign/role.yaml", ROLE);
        let url = self.apps.repository.url();
        let cases = [
            (
                "foreign-repository",
                "https://git.invalid/foreign.git",
                "ontu-schedule-dev",
                "is not permitted in project",
            ),
            (
                "foreign-namespace",
                &url,
                "kube-system",
                "do not match any of the allowed destinations in project",
            ),
            ("foreign-kind", &url, "ontu-schedule-dev", "ClusterRole is not permitted in project"),
        ];
        for (name, repository, namespace, _) in cases {
            let app = json!({
                "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
                "metadata": { "name": name, "namespace": NAMESPACE },
                "spec": {
                    "project": "ontu-schedule",
                    "source": { "repoURL": repository, "path": "foreign", "targetRevision": "main" },
                    "destination": { "server": "https://kubernetes.default.svc", "namespace": namespace },
                    "syncPolicy": { "automated": {} },
                },
            });
            self.apps.kubectl.apply(&app.to_string(), "somebody");
        }
        self.roles_are_kept(case);
        for (name, _, _, refusal) in cases {
            eventually(&format!("a refusal of {name}"), LIMIT, || {
                let status =
                    self.apps.application(name).map(|app| app["status"].to_string()).unwrap_or_default();
                status.contains(refusal)
            });
            self.apps.kubectl.run(&["delete", APPLICATION, name, "-n", NAMESPACE]);
        }
        assert!(self.apps.kubectl.find("", "clusterrole", "ontu-schedule-foreign").is_none());
        self.apps.repository.remove(&["foreign/role.yaml"]);
    }

    /// A token of a role, at Argo CD's own API.
    fn roles_are_kept(&self, case: &Case) {
        let config = case.dir().join("argocd.config");
        let kubeconfig = case.dir().join("argocd.kubeconfig");
        std::fs::copy(case.lab().expect("KUBECONFIG"), &kubeconfig).expect("a kubeconfig");
        let kubectl = self.apps.kubectl.clone().with_kubeconfig(&kubeconfig);
        kubectl.run(&["config", "set-context", "--current", "--namespace", NAMESPACE]);
        let argocd = |arguments: &[&str], token: Option<&str>| {
            let program = case.lab().program("argocd").args(arguments).envs([("KUBECONFIG", &kubeconfig)]);
            let program = program.envs([("ARGOCD_CONFIG_DIR", &config)]);
            let program = match token {
                Some(token) => program.envs([("ARGOCD_AUTH_TOKEN", token)]),
                None => program,
            };
            program.limit(LIMIT).run(&case.dir().join("argocd"))
        };
        let made =
            ["proj", "role", "create-token", "ontu-schedule", "deployer-dev", "--token-only", "--core"];
        let made = argocd(&made, None).success().stdout;
        let token = made.trim();
        let sync = |environment: &str| {
            let name = format!("{APP}-{environment}");
            let at = ["--port-forward", "--port-forward-namespace", NAMESPACE, "--insecure", "--grpc-web"];
            argocd(&[&["app", "sync", name.as_str(), "--async"], &at[..]].concat(), Some(token))
        };
        sync("dev").success();
        sync("prod").failure().says("permission denied");
    }

    /// Where there are nodes enough, the scheduler puts each of production's pods on a node of its own, also where one of
    /// the nodes is much larger than the others. The nodes are but objects: nothing runs there.
    pub fn is_spread(&self, case: &Case) {
        let nodes = Nodes::new(case, self);
        let pods = |apart: bool| {
            let pods: Vec<_> =
                (0..3).map(|number| self.pod_of_production(&nodes.label, apart, number)).collect();
            let list = json!({ "apiVersion": "v1", "kind": "List", "items": pods });
            self.apps.kubectl.apply(&list.to_string(), "acceptance");
            let mut places = Vec::new();
            eventually("a node for each pod", LIMIT, || {
                let found =
                    self.apps.kubectl.get(&["pods", "-n", self.sink(), "-l", "app=ontu-schedule-bot-admin"]);
                let items = found["items"].as_array().cloned().unwrap_or_default();
                places = items
                    .iter()
                    .filter_map(|pod| pod["spec"]["nodeName"].as_str().map(str::to_owned))
                    .collect();
                places.len() == 3
            });
            let label = "app=ontu-schedule-bot-admin";
            self.apps.kubectl.run(&[
                "delete",
                "pods",
                "-n",
                self.sink(),
                "-l",
                label,
                "--force",
                "--grace-period=0",
            ]);
            places.into_iter().collect::<BTreeSet<_>>().len()
        };
        assert_eq!((pods(true), pods(false)), (3, 1), "nodes for three pods with anti-affinity and without");
    }

    /// A pod as production's Deployment makes them, for one of these nodes, in the namespace of the sink.
    fn pod_of_production(&self, label: &str, apart: bool, number: usize) -> Value {
        let environment = self.apps.live("prod");
        let template = &environment.of("Deployment")["spec"]["template"];
        let mut spec = template["spec"].clone();
        assert!(spec["affinity"].is_object(), "{spec}");
        for name in
            ["serviceAccountName", "serviceAccount"].iter().chain(if apart { &[][..] } else { &["affinity"] })
        {
            spec.as_object_mut().expect("a spec").remove(*name);
        }
        spec["nodeSelector"] = json!({ LABEL: label });
        spec["tolerations"] = json!([{ "operator": "Exists" }]);
        json!({
            "apiVersion": "v1", "kind": "Pod", "spec": spec,
            "metadata": { "namespace": self.sink(), "name": format!("spread-{number}"), "labels": template["metadata"]["labels"] },
        })
    }
}

const LABEL: &str = "acceptance/spread";

/// Three nodes without a kubelet, which nobody else's pods come to.
struct Nodes<'a> {
    stage: &'a Stage,
    label: String,
}

impl<'a> Nodes<'a> {
    fn new(case: &Case, stage: &'a Stage) -> Self {
        let nodes = Self { stage, label: case.name("spread") };
        for (number, cpu) in ["64", "1", "1"].iter().enumerate() {
            let name = format!("{}-{number}", nodes.label);
            let node = json!({
                "apiVersion": "v1", "kind": "Node",
                "metadata": { "name": name, "labels": { "kubernetes.io/hostname": name, LABEL: nodes.label } },
                "spec": { "taints": [{ "key": LABEL, "effect": "NoSchedule" }] },
            });
            stage.apps.kubectl.apply(&node.to_string(), "acceptance");
            let room = json!({ "cpu": cpu, "memory": "64Gi", "pods": "100" });
            let status = json!({ "status": { "capacity": room, "allocatable": room } }).to_string();
            stage.apps.kubectl.run(&[
                "patch",
                "node",
                &name,
                "--subresource=status",
                "--type=merge",
                "-p",
                &status,
            ]);
        }
        nodes
    }
}

impl Drop for Nodes<'_> {
    fn drop(&mut self) {
        let chosen = format!("{LABEL}={}", self.label);
        self.stage.apps.kubectl.try_run(&["delete", "nodes", "-l", &chosen], LIMIT);
    }
}
