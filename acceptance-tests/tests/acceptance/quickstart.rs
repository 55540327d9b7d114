//! `examples/quickstart` end to end: a cluster, its secrets, Argo CD, an app of apps and a tenant in one apply.

use gitops_acceptance_tests::{
    Canary, Case, KindCluster, Kubectl, Repository, Running, Workspace, eventually,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// The quickstart on a cluster and a repository of the test's own.
struct Stage {
    run: Workspace,
    repository: Repository,
    token: Canary,
    kubectl: Kubectl,
    cluster: KindCluster,
}

impl Stage {
    fn set(case: &Case) -> Self {
        let (lab, cluster) = (case.lab(), case.lab().kind_cluster(case));
        let repository = lab.repository_of(case, &case.project().join("examples/quickstart/repository"));
        let token = Canary::new(&mut case.random());
        let mut run = case.workspace("examples/quickstart");
        run.quickstart_fits_the_lab(&cluster, &repository).var("api_token", token.value());
        let kubectl = lab.kubectl().with_kubeconfig(&run.dir().join("kubeconfig"));
        Self { run, repository, token, kubectl, cluster }
    }

    /// Changes what the tenant says.
    fn greet(&mut self, greeting: &str) {
        let text =
            format!("resource \"gitops_tenant\" \"acme\" {{\n  values = {{ greeting = {greeting:?} }}\n}}\n");
        self.run.write("greeting_override.tf", &text);
    }

    #[track_caller]
    fn assert_runs(&self, greeting: &str) {
        for name in ["web", "acme"] {
            assert_eq!(self.status(name), ["Synced", "Healthy"], "{name}");
        }
        // What a tenant's Application lies below is progressing as long as Argo CD has not looked at it again.
        for name in ["tenants", "platform"] {
            eventually(name, Duration::from_secs(60), || self.status(name) == ["Synced", "Healthy"]);
        }
        let site = self.kubectl.find(&self.namespace(), "configmap", "site").expect("the tenant's ConfigMap");
        assert_eq!(site["data"]["index.html"], greeting);
        self.kubectl.run(&["rollout", "status", "deployment/web", "-n", "web", "--timeout=1s"]);
    }

    /// Sync and health of an Application.
    #[track_caller]
    fn status(&self, name: &str) -> [String; 2] {
        let app = self.kubectl.find("argocd", "application.argoproj.io", name);
        let app = app.unwrap_or_else(|| panic!("no Application {name}"));
        ["sync", "health"].map(|part| app["status"][part]["status"].as_str().unwrap_or_default().to_owned())
    }

    fn namespace(&self) -> String {
        let app = self.kubectl.find("argocd", "application.argoproj.io", "acme").expect("the tenant");
        app["spec"]["destination"]["namespace"].as_str().unwrap_or_default().to_owned()
    }

    /// The UIDs of what must not be made anew.
    #[track_caller]
    fn uids(&self) -> BTreeMap<String, String> {
        let objects = [
            ("", "namespace", "kube-system"),
            ("web", "secret", "web"),
            ("argocd", "secret", "platform-repository"),
            ("argocd", "deployment", "argocd-repo-server"),
            ("argocd", "statefulset", "argocd-application-controller"),
            ("argocd", "application.argoproj.io", "platform"),
            ("argocd", "application.argoproj.io", "web"),
            ("argocd", "application.argoproj.io", "acme"),
        ];
        let uid = |(namespace, kind, name): &(&str, &str, &str)| {
            let found = self.kubectl.find(namespace, kind, name);
            let found = found.unwrap_or_else(|| panic!("no {kind} {name}"));
            (format!("{kind} {name}"), found["metadata"]["uid"].as_str().unwrap_or_default().to_owned())
        };
        objects.iter().map(uid).collect()
    }

    /// The secret was there before anything of Argo CD was. A Secret that nobody has written since it was made has
    /// the revision of its making, and so have Argo CD's service accounts.
    #[track_caller]
    fn assert_secrets_came_first(&self) {
        let revision = |object: &Value| -> u64 {
            object["metadata"]["resourceVersion"]
                .as_str()
                .and_then(|text| text.parse().ok())
                .expect("a revision")
        };
        let argocd = self.kubectl.get(&[
            "serviceaccount,role,configmap",
            "-n",
            "argocd",
            "-l",
            "app.kubernetes.io/part-of=argocd",
        ]);
        let objects = argocd["items"].as_array().expect("a list");
        let first = objects.iter().map(revision).min().expect("objects of Argo CD");
        let crd = self.kubectl.find("", "crd", "applications.argoproj.io").expect("Argo CD's CRD");
        for (namespace, name) in [("web", "web"), ("argocd", "platform-repository")] {
            let secret = self.kubectl.find(namespace, "secret", name).expect("the Secret");
            assert!(revision(&secret) < first, "{namespace}/{name} came after Argo CD");
            let (secret, crd) =
                (&secret["metadata"]["creationTimestamp"], &crd["metadata"]["creationTimestamp"]);
            assert!(secret.as_str() <= crd.as_str(), "{namespace}/{name} at {secret}, Argo CD at {crd}");
        }
    }

    #[track_caller]
    fn assert_secrets_are_nowhere(&self, case: &Case) {
        self.token.assert_absent(&case.dir());
        self.token.assert_absent(&self.repository.objects());
    }

    /// Destroys everything, and looks whether it is gone.
    #[track_caller]
    fn end(&mut self) {
        self.run.destroy().success();
        assert!(self.run.state().addresses().is_empty());
        assert!(!self.cluster.exists());
        let left: Vec<_> = self.repository.files().into_iter().filter(|path| path.contains("acme")).collect();
        assert!(left.is_empty(), "the tenant is still in the repository: {left:?}");
    }
}

/// One apply from nothing, an empty second plan, a tenant that changes, drift of everything, one destroy.
pub fn lives_and_dies(case: &Case) {
    let mut stage = Stage::set(case);
    let mut apply = stage.run.start_apply();
    let token = stage.token.value().to_owned();
    let mut looked = Duration::ZERO;
    let seen = apply.until(|apply| {
        let due = apply.elapsed() > looked + Duration::from_millis(200);
        if due {
            looked = apply.elapsed();
        }
        due && in_arguments(&token)
    });
    assert!(!seen, "a secret was in the arguments of a process");
    apply.wait().success().says("6 added").says_nothing_of(&token);
    stage.assert_runs("Hello from acme");
    stage.assert_secrets_came_first();
    stage.run.assert_settled();
    let uids = stage.uids();

    let before = stage.repository.log().len();
    stage.greet("Good morning");
    stage.run.plan().success().assert_changes(&["gitops_tenant.acme: update"]);
    stage.run.apply().success();
    stage.assert_runs("Good morning");
    assert_eq!(stage.repository.log().len(), before + 1, "a change of a tenant is one commit");

    drift(&mut stage);
    stage.run.assert_settled();
    stage.assert_runs("Good morning");
    imports(&mut stage);
    let after = stage.uids();
    let kept = [
        "namespace kube-system",
        "secret web",
        "secret platform-repository",
        "application.argoproj.io platform",
    ];
    for object in kept {
        assert_eq!(after[object], uids[object], "{object} was made anew");
    }
    stage.end();
    stage.assert_secrets_are_nowhere(case);
}

/// Whether a process of this machine shows `text` in its arguments.
fn in_arguments(text: &str) -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.into_iter().any(|line| String::from_utf8_lossy(&line).contains(text))
}

/// Something of each resource is changed by hand: all of it is planned, and one apply undoes it.
fn drift(stage: &mut Stage) {
    let kubectl = &stage.kubectl;
    kubectl.run(&["delete", "deployment", "argocd-repo-server", "-n", "argocd"]);
    kubectl.run(&[
        "patch",
        "secret",
        "web",
        "-n",
        "web",
        "--type=merge",
        "-p",
        r#"{"stringData": {"API_TOKEN": "x"}}"#,
    ]);
    let patch = r#"{"metadata": {"finalizers": null}, "spec": {"source": {"targetRevision": "other"}}}"#;
    kubectl.run(&[
        "patch",
        "application.argoproj.io",
        "platform",
        "-n",
        "argocd",
        "--type=merge",
        "-p",
        patch,
    ]);
    stage.repository.write("instances/acme/values.yaml", "greeting: by hand\n");
    let mut changes = stage.run.plan().success().changes();
    changes.sort();
    let expected = [
        "gitops_bootstrap.argocd",
        "gitops_root_app.platform",
        "gitops_secret_injection.web",
        "gitops_tenant.acme",
    ];
    assert_eq!(changes, expected.map(|address| format!("{address}: update")));
    stage.run.apply().success();
}

/// Everything is forgotten and taken up again, and nothing is made anew.
fn imports(stage: &mut Stage) {
    let url = stage.repository.url();
    // An import knows the configuration of the provider, and nothing of the resource's own.
    stage.run.write(
        "provider_override.tf",
        &format!(
            "provider \"gitops\" {{\n  kubernetes = {{ config_path = \"${{path.root}}/kubeconfig\" }}\n  git = {{\n    \
             url = {url:?}\n    credentials = {{\n      (var.repository_url) = {{ username = var.git_username, \
             password = var.git_password }}\n    }}\n  }}\n}}\n"
        ),
    );
    let imports = [
        ("gitops_bootstrap.argocd", "argocd"),
        ("gitops_root_app.platform", "argocd/platform"),
        ("gitops_tenant.acme", "main:acme"),
    ];
    for (address, id) in imports {
        let import = stage.run.import(address, id);
        assert_eq!(import.attribute("id"), import.attribute_before("id"), "{address}");
    }
    stage.run.apply().success().says("0 added").says("0 destroyed");
    stage.run.remove("provider_override.tf");
    stage.run.apply().success().says("0 added").says("0 destroyed");
    stage.run.assert_settled();
}

/// Whatever the provider was doing when it was killed: the next apply goes on, and nothing is made anew.
pub fn survives_kills(case: &Case) {
    let (mut stage, mut random) = (Stage::set(case), case.random());
    stage.run.init();
    for seconds in [30, 90, 90] {
        let mut apply = stage.run.start_apply();
        if !apply.kill_provider_at(random.moment(Duration::from_secs(seconds))) {
            apply.wait().success();
            break;
        }
        apply.wait().failure();
    }
    stage.run.apply().success();
    stage.assert_runs("Hello from acme");
    stage.run.assert_settled();

    let uids = stage.uids();
    for round in 0..3 {
        let greeting = format!("round {round}");
        stage.greet(&greeting);
        stage.run.var("api_token", greeting.clone());
        let mut apply = stage.run.start_apply();
        apply.kill_provider_at(random.moment(Duration::from_secs(12)));
        apply.wait();
        stage.run.apply().success();
        stage.assert_runs(&greeting);
        stage.run.assert_settled();
        assert_eq!(stage.uids(), uids, "after kill {round}");
    }
    stage.end();
}

/// Ctrl-C while Argo CD is installed is answered at once; the cluster that is then deleted by hand comes back.
pub fn survives_interrupts_and_the_loss_of_its_cluster(case: &Case) {
    let mut stage = Stage::set(case);
    stage.run.init();
    let mut apply = stage.run.start_apply();
    let kubeconfig = stage.run.dir().join("kubeconfig");
    let installing = |kubectl: &Kubectl| kubectl.find("argocd", "deployment", "argocd-server").is_some();
    assert!(apply.until(|_| kubeconfig.exists() && installing(&stage.kubectl)), "Argo CD was not installed");
    interrupt(apply);
    let addresses = stage.run.state();
    assert!(addresses.addresses().contains(&"gitops_cluster.this"), "{:?}", addresses.addresses());
    let changes = stage.run.plan().success().changes();
    let replaced: Vec<_> = changes.iter().filter(|change| change.contains("delete")).collect();
    assert!(replaced.is_empty(), "the interrupt has tainted {replaced:?}");

    stage.cluster.delete();
    stage.run.apply().success();
    stage.assert_runs("Hello from acme");
    stage.run.assert_settled();
    stage.cluster.delete();
    stage.end();
}

fn interrupt(mut apply: Running) {
    let moment = apply.elapsed();
    assert!(apply.interrupt_at(moment), "the apply had ended");
    let outcome = apply.wait();
    let answered = outcome.elapsed.saturating_sub(moment);
    assert!(answered < Duration::from_secs(5), "{}", outcome.report("was to end at once"));
}
