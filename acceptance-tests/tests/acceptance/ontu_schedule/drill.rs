//! The disaster drill: the example's cluster is lost, and one apply brings all of it back from the repository and the backup of
//! the key. Without the backup the same apply fails, and says which ciphertext no key opens.

use super::super::sealed_secrets_controller::{LABEL, base64};
use super::live::Apps;
use super::metrics::Metrics;
use super::sink::{self, Sink};
use super::stage::{CONTROLLER, LIMIT, load_images, new_passwords, told_passwords};
use super::table::ENVIRONMENTS;
use super::{APP, EXAMPLE, repository, with_key_holder};
use gitops_acceptance_tests::{Canary, Case, KindCluster, Kubectl, Outcome, Workspace, eventually, target};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

const BACKUP: &str = "backup/sealing-keys.yaml";
/// What somebody sealed with `kubeseal`: no apply can seal it anew.
const HANDMADE: &str = "handmade";
const HANDMADE_VALUE: &str = "typed once, years ago";
/// The namespace of who is told of deployments, which goes with its cluster.
const SINK: &str = "sink";
/// How long an API server has to say that it is ready.
const ANSWER: Duration = Duration::from_secs(10);

/// The example as it is, on a cluster of its own.
struct Drill {
    run: Workspace,
    apps: Apps,
    cluster: KindCluster,
    passwords: [Canary; 3],
    others: Option<Others>,
}

/// What the example finds in its cluster that others have put there.
struct Others {
    _metrics: Metrics,
    sink: Sink,
}

impl Others {
    fn come(case: &Case, cluster: &KindCluster, kubectl: &Kubectl) -> Self {
        load_images(case, cluster.name());
        kubectl.run(&["create", "namespace", SINK]);
        Self { _metrics: Metrics::start(kubectl), sink: Sink::put(kubectl, SINK) }
    }
}

/// It runs; it is lost, and comes back; it is lost with its key, and cannot.
#[expect(clippy::print_stdout, reason = "the suite says how long it took")]
pub fn comes_back_from_git_and_its_key(case: &Case) {
    let mut drill = Drill::set(case);
    drill.runs(case);
    let (commits, head) = (drill.apps.repository.log().len(), drill.apps.head());
    let sealed = ENVIRONMENTS.map(|environment| drill.apps.sealed(environment));

    drill.lose();
    drill.run.var("key_backup", BACKUP);
    let begin = Instant::now();
    drill.apply_from_nothing(case).success();
    drill.assert_all_is_there();
    let took = format!(
        "the drill took {:.1} minutes, from no cluster to all of it",
        begin.elapsed().as_secs_f32() / 60.0
    );
    println!("{took}");
    let results = target().join("results");
    fs::create_dir_all(&results)
        .and_then(|()| fs::write(results.join(format!("drill-{}.txt", case.cli().kind)), format!("{took}\n")))
        .expect("a result");
    drill.run.assert_settled();
    assert_eq!((drill.apps.repository.log().len(), drill.apps.head()), (commits, head), "Git has changed");
    assert_eq!(ENVIRONMENTS.map(|environment| drill.apps.sealed(environment)), sealed);
    drill.assert_the_key_was_first();

    drill.lose();
    fs::remove_file(drill.run.dir().join(BACKUP)).expect("the backup");
    drill.run.without_var("key_backup");
    drill.apply_from_nothing(case).failure().says("no key could decrypt secret").says(HANDMADE);
    assert!(drill.handmade().is_none(), "it was opened without its key");
    // What the failed apply has made is not in the state: the cluster goes first.
    drill.lose();
    drill.run.destroy().success();
}

impl Drill {
    /// Nothing but the repository is made here.
    fn set(case: &Case) -> Self {
        let (cluster, repository) = (case.lab().kind_cluster(case), repository(case));
        let passwords = new_passwords(&mut case.random());
        let mut run = case.workspace(EXAMPLE);
        run.quickstart_fits_the_lab(&cluster, &repository)
            .var("passwords", told_passwords(&passwords))
            .var("notification_url", sink::url(SINK));
        with_key_holder(&mut run);
        let kubectl = case.lab().kubectl().with_kubeconfig(&run.dir().join("kubeconfig"));
        Self { run, apps: Apps { kubectl, repository }, cluster, passwords, others: None }
    }

    /// An apply that begins without a cluster. What stands in for the image, for the metrics server and for who is told comes as
    /// soon as there is one.
    fn apply_from_nothing(&mut self, case: &Case) -> Outcome {
        let mut apply = self.run.start_apply();
        let ready = ["get", "--raw", "/readyz"];
        if apply.until(|_| self.apps.kubectl.try_run(&ready, ANSWER).code == Some(0)) {
            self.others = Some(Others::come(case, &self.cluster, &self.apps.kubectl));
        }
        apply.wait()
    }

    /// The first apply, whose provider is killed after each resource.
    fn comes_up_under_kills(&mut self, case: &Case) {
        let (kubectl, ready) = (&self.apps.kubectl, ["get", "--raw", "/readyz"]);
        let (cluster, others) = (&self.cluster, &mut self.others);
        let killed = self.run.apply_under_kills(|| {
            if others.is_none() && kubectl.try_run(&ready, ANSWER).code == Some(0) {
                *others = Some(Others::come(case, cluster, kubectl));
            }
        });
        assert!(killed.len() > 6, "killed after {killed:?} only");
    }

    /// All of it runs, production is approved, and somebody has sealed something by hand.
    fn runs(&mut self, case: &Case) {
        self.run.init();
        self.comes_up_under_kills(case);
        let mode = fs::metadata(self.run.dir().join(BACKUP)).expect("the backup").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "others may read the backup");
        let guarded = format!(
            "{{{{- if eq .Release.Namespace \"ontu-schedule-dev\" }}}}\n{}{{{{- end }}}}\n",
            self.sealed_by_hand(case)
        );
        self.apps.repository.write(&format!("apps/{APP}/templates/{HANDMADE}.yaml"), &guarded);
        let head = self.apps.head();
        self.apps.refresh_environments();
        self.run.var("approved_revision", head).apply().success();
        self.assert_all_is_there();
        self.run.assert_settled();
    }

    /// What `kubeseal` makes of a Secret, with nothing but the certificate.
    fn sealed_by_hand(&mut self, case: &Case) -> String {
        let state = self.run.state();
        let certificate = state.resource("gitops_sealing_key.this")["certificate"].clone();
        let file = case.dir().join("certificate.pem");
        fs::write(&file, certificate.as_str().expect("a certificate")).expect("written");
        let secret = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{namespace: ontu-schedule-dev, name: {HANDMADE}}}\nstringData: {{NOTE: {HANDMADE_VALUE:?}}}\n"
        );
        let file = file.to_str().expect("UTF-8");
        let program = case.lab().program("kubeseal").args(["--cert", file, "--format", "yaml"]).input(secret);
        let sealed = program.run(&case.dir().join("kubeseal")).success().stdout;
        sealed.trim_start_matches("---\n").to_owned()
    }

    fn handmade(&self) -> Option<serde_json::Value> {
        self.apps.kubectl.find("ontu-schedule-dev", "secret", HANDMADE)
    }

    /// The cluster is deleted behind everybody's back.
    fn lose(&mut self) {
        drop(self.others.take());
        self.cluster.delete();
    }

    /// All environments are as Git has them, and what was secret is what it was. The bootstrap has told Argo CD whom to tell.
    #[track_caller]
    fn assert_all_is_there(&self) {
        for (environment, password) in ENVIRONMENTS.iter().zip(&self.passwords) {
            eventually(environment, LIMIT, || self.apps.is(environment, "Synced"));
            let secret = self.apps.find(environment, "secret").expect("the Secret");
            assert_eq!(secret["data"]["PASSWORD"], base64(password.value()), "{environment}");
            let status = &self.apps.find(environment, "deployment").expect("the Deployment")["status"];
            assert_eq!(status["readyReplicas"], status["replicas"], "{environment}: {status}");
            let (sink, app) =
                (&self.others.as_ref().expect("a cluster").sink, format!("{APP}-{environment}"));
            eventually("a message of the deployment", LIMIT, || !sink.told("deployed", &app).is_empty());
        }
        eventually("what was sealed by hand", LIMIT, || {
            self.handmade().is_some_and(|secret| secret["data"]["NOTE"] == base64(HANDMADE_VALUE))
        });
    }

    /// The controller has found the key when it started: it made none of its own.
    #[track_caller]
    fn assert_the_key_was_first(&self) {
        let keys = self.apps.kubectl.get(&["secret", "-n", CONTROLLER, "-l", LABEL]);
        assert_eq!(keys["items"].as_array().map(Vec::len), Some(1), "{}", keys["items"]);
        let made = |object: &serde_json::Value| object["metadata"]["creationTimestamp"].to_string();
        let controller = self.apps.kubectl.find(CONTROLLER, "deployment", "sealed-secrets-controller");
        let controller = controller.expect("the controller");
        assert!(made(&keys["items"][0]) <= made(&controller), "the key came after its controller");
    }
}
