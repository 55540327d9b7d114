//! The example as it is published, with a cluster of its own and its own platform: an apply from nothing, with the provider
//! killed after each resource; a tenant that rests and comes back by the example's variable; and its end. The cluster takes
//! names of Services as those before Kubernetes 1.36 do. It takes minutes, so that it is only done where `ACCEPTANCE_CAELUS`
//! asks for it.

use super::fleet::{ADA, BOB, GRACE, files, release, tenants};
use gitops_acceptance_tests::{Canary, Case, KindCluster, Kubectl, Repository, Workspace};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

const EXAMPLE: &str = "examples/caelus";

/// What kind is told beside what this machine needs.
const BEFORE_1_36: &str = "featureGates:\n  RelaxedServiceNameValidation: false\n";

/// The example and what it works on.
struct Example {
    run: Workspace,
    repository: Repository,
    /// What it began as.
    files: Vec<String>,
    kubectl: Kubectl,
    cluster: KindCluster,
}

/// All of it.
pub fn lives_and_dies_as_published(case: &Case) {
    let mut example = Example::set(case);
    example.comes_up();
    example.needs_no_service_that_begins_with_a_digit();
    example.rests_and_comes_back();
    example.ends(case);
}

impl Example {
    /// Nothing but the repository is made here.
    fn set(case: &Case) -> Self {
        let (lab, cluster) = (case.lab(), case.lab().kind_cluster(case));
        let repository = lab.repository_of(case, &case.project().join(EXAMPLE).join("repository"));
        let mut run = case.workspace(EXAMPLE);
        run.quickstart_fits_the_lab(&cluster, &repository);
        let config = fs::read_to_string(lab.expect("KIND_CONFIG")).expect("kind's configuration");
        run.var("kind_config", format!("{config}{BEFORE_1_36}"));
        let kubectl = lab.kubectl().with_kubeconfig(&run.dir().join("kubeconfig"));
        Self { run, files: repository.files(), repository, kubectl, cluster }
    }

    /// What the output says of a tenant.
    #[track_caller]
    fn told(&mut self, id: &str) -> Value {
        let state = self.run.state();
        let tenant = &state.output("tenants")[id];
        ["state", "sync_status", "status", "drift"].map(|word| tenant[word].clone()).into()
    }

    /// What a tenant's Deployment asks for, and how many pods there are.
    #[track_caller]
    fn pods(&self, id: &str) -> (Value, usize) {
        let deployment = self.kubectl.find(id, "deployment", &release(id)).expect("the Deployment");
        let pods = self.kubectl.get(&["pods", "-n", id])["items"].as_array().map_or(0, Vec::len);
        (deployment["spec"]["replicas"].clone(), pods)
    }

    /// One apply after which all tenants of the example run, whatever becomes of the provider meanwhile.
    fn comes_up(&mut self) {
        let killed = self.run.apply_under_kills(|| {});
        assert!(killed.len() > 6, "killed after {killed:?} only");
        for id in [ADA, BOB, GRACE] {
            assert_eq!(self.told(id), json!(["active", "Synced", "Running", false]), "{id}");
            assert!(self.pods(id).1 > 0, "{id} has no pods");
            assert!(files(id).iter().all(|path| self.repository.read(path).is_some()), "{id} is not in Git");
        }
        self.run.assert_settled();
    }

    /// The API server refuses the id of a tenant as the name of a Service; the tenant has one all the same.
    fn needs_no_service_that_begins_with_a_digit(&self) {
        let service = ["create", "service", "clusterip", ADA, "-n", ADA, "--tcp=80", "--dry-run=server"];
        let refused = self.kubectl.try_run(&service, Duration::from_secs(30)).failure();
        refused.says("a DNS-1035 label must consist of");
        let live = self.kubectl.find(ADA, "service", &release(ADA)).expect("the Service");
        assert!(live["spec"]["clusterIP"].is_string(), "{live}");
    }

    /// A tenant is suspended and comes back; the others do not notice.
    fn rests_and_comes_back(&mut self) {
        let volume = |example: &Self| {
            example.kubectl.find(BOB, "pvc", &release(BOB)).expect("the volume")["metadata"]["uid"].clone()
        };
        let (awake, kept, others) = (self.pods(BOB), volume(self), [ADA, GRACE].map(|id| self.pods(id)));
        let mut wanted = tenants();
        wanted[BOB]["state"] = json!("suspended");
        self.run.var("tenants", wanted.to_string());
        self.run.apply().success().says("0 added, 1 changed, 0 destroyed");
        self.run.plan().assert_empty();
        assert_eq!(self.pods(BOB), (json!(0), 0));
        assert_eq!(self.told(BOB)[0], "suspended");
        assert_eq!([ADA, GRACE].map(|id| self.pods(id)), others);

        self.run.without_var("tenants").apply().success().says("0 added, 1 changed, 0 destroyed");
        self.run.plan().assert_empty();
        assert_eq!((self.pods(BOB), volume(self)), (awake, kept));
        assert_eq!(self.told(BOB), json!(["active", "Synced", "Running", false]));
    }

    /// Nothing outlives it but the repository, which is as it began; the password was nowhere else.
    fn ends(mut self, case: &Case) {
        self.run.destroy().success();
        assert!(self.run.state().addresses().is_empty() && !self.cluster.exists());
        assert_eq!(self.repository.files(), self.files);
        let password = Canary::of(case.lab().expect("LAB_GIT_PASSWORD"));
        let objects = self.repository.objects();
        [self.run.dir(), self.run.logs(), &objects].iter().for_each(|place| password.assert_absent(place));
    }
}
