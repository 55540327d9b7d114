//! Real kind clusters on a real engine, where `GITOPS_TEST_REAL` is set, as `make kind` does: there it fails without an
//! engine. Elsewhere it says so and tests nothing.
//!
//! `KIND_NODE_IMAGE` and `GITOPS_TEST_KIND_CONFIG` (YAML) are taken where a machine needs an image or settings of
//! its own.

#[cfg(test)]
mod real {
    use gitops::{
        Explain, Task,
        cluster::{Clusters, Connection, Engine, Environment},
        fetch::Sha256,
        kind::{Deletion, Error, Kind, KindCluster, LABEL, Made, Presence, Spec},
        run::Program,
    };
    use k8s_openapi::api::core::v1::Node;
    use kube::{Api, api::ListParams};
    use std::{path::Path, time::Duration, time::Instant};
    use tokio_util::sync::CancellationToken;

    fn task(limit: u64) -> Task {
        Task::new(CancellationToken::new(), Duration::from_secs(limit))
    }

    async fn docker<const N: usize>(args: [&str; N]) -> String {
        Program::new("docker").args(args).run(&task(60)).await.unwrap().text()
    }

    /// Says that a test cannot be made here, past the test runner, which shows what a test prints only when it fails.
    #[expect(clippy::disallowed_methods, reason = "whoever runs the tests says whether a skip will do")]
    fn skipped(why: &str) {
        assert!(std::env::var_os("GITOPS_TEST_REAL").is_none(), "{why}");
        gitops_acceptance_tests::skipped(why);
    }

    /// Whether clusters are to be made, and there is an engine for them; says so if not.
    #[expect(
        clippy::disallowed_methods,
        reason = "whoever runs the tests says whether clusters are to be made"
    )]
    async fn engine() -> bool {
        if std::env::var_os("GITOPS_TEST_REAL").is_none() {
            skipped(
                "GITOPS_TEST_REAL is not set; `make kind` sets it, and what a cluster needs on this machine",
            );
            return false;
        }
        let info = Program::new("docker").args(["info", "--format", "{{.ID}}"]).run(&task(20)).await;
        let kind = Program::new("kind").arg("version").run(&task(20)).await;
        let here = info.is_ok_and(|output| !output.text().is_empty()) && kind.is_ok();
        if !here {
            skipped("no Docker engine, or no kind");
        }
        here
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the machine that runs the tests may need settings of its own"
    )]
    fn spec(name: &str, dir: &Path) -> Spec {
        Spec {
            name: format!("{name}-{}", std::process::id()),
            node_image: std::env::var("KIND_NODE_IMAGE").ok(),
            config: std::env::var("GITOPS_TEST_KIND_CONFIG").ok(),
            registry_mirrors: [("mirrored.invalid".to_owned(), vec!["http://mirror:5000".to_owned()])].into(),
            kubeconfig_path: dir.join("cluster.kubeconfig"),
            wait: true,
        }
    }

    /// The same where the node has no network of pods, so that it never becomes ready.
    fn without_network(spec: Spec, dir: &Path) -> Spec {
        let nothing = dir.join("nothing");
        std::fs::create_dir(&nothing).unwrap();
        let config = spec.config.unwrap_or_else(|| {
            "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnetworking: {disableDefaultCNI: true}\n"
                .into()
        });
        assert!(config.contains("disableDefaultCNI: true"), "{config}");
        let mount = format!("{{hostPath: {nothing:?}, containerPath: /etc/cni/net.d}}");
        let config = format!("{config}\nnodes:\n- role: control-plane\n  extraMounts: [{mount}]\n");
        Spec { config: Some(config), ..spec }
    }

    fn engine_of(made: &KindCluster) -> &Engine {
        made.connection.engine.as_ref().unwrap()
    }

    fn id_of(made: &KindCluster) -> &str {
        engine_of(made).id.as_deref().unwrap()
    }

    fn kind() -> Kind {
        Kind::new(&Environment::of_process())
    }

    /// Creates the cluster and cancels that once `when` holds. It must be over long before a cluster would be there, or
    /// be ready; answers the one that is made by then.
    async fn interrupt(spec: &Spec, when: impl AsyncFn() -> bool) -> Option<KindCluster> {
        let cancel = CancellationToken::new();
        let (making, cancelled) = (spec.clone(), Task::new(cancel.clone(), Duration::from_secs(300)));
        let making = tokio::spawn(async move { kind().create(&cancelled, &making).await });
        while !when().await {
            assert!(!making.is_finished(), "{:?}", making.await);
        }
        let start = Instant::now();
        cancel.cancel();
        let (made, error) = match making.await.unwrap() {
            Ok(Made { cluster, ready }) => (Some(cluster), ready.unwrap_err()),
            Err(error) => (None, error),
        };
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
        assert!(gitops::error::chain(&error).contains("stopped on request"), "{error}");
        made
    }

    /// One cluster through its whole life: interrupted, made, adopted, found, refused to others, deleted.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_cluster_lives_and_dies() {
        if !engine().await {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let spec = spec("gitops-life", dir.path());
        let container = format!("{}-control-plane", spec.name);

        // Interrupted as soon as there is a node, and again when that node carries our label.
        let filter = format!("name=^{container}$");
        let listed = async || !docker(["ps", "--all", "--quiet", "--filter", &filter]).await.is_empty();
        assert_eq!(interrupt(&spec, listed).await, None);
        let config = format!("{container}:/kind/kubeadm.conf");
        let copy = dir.path().join("kubeadm.conf");
        let labelled = async || {
            let _ = std::fs::remove_file(&copy);
            let _ = Program::new("docker").args(["cp", &config]).arg(&copy).run(&task(60)).await;
            std::fs::read_to_string(&copy).is_ok_and(|text| text.contains(LABEL))
        };
        assert_eq!(interrupt(&spec, labelled).await, None);
        let journal = dir.path().join("cluster.kubeconfig.kind.json");
        assert!(std::fs::read_to_string(&journal).unwrap().contains(r#""finished":false"#));
        let half_made = docker(["ps", "--all", "--quiet", "--no-trunc", "--filter", &filter]).await;

        // Deleted and made again.
        let start = Instant::now();
        let Made { cluster: made, ready } = kind().create(&task(420), &spec).await.unwrap();
        ready.unwrap();
        println!("made again in {:?}", start.elapsed());
        assert_ne!(docker(["ps", "--all", "--quiet", "--no-trunc", "--filter", &filter]).await, half_made);
        assert!(std::fs::read_to_string(&journal).unwrap().contains(r#""finished":true"#));
        assert_eq!(made.connection.config_context.as_deref(), Some(format!("kind-{}", spec.name).as_str()));
        assert!(made.kubernetes_version.starts_with("v1."), "{}", made.kubernetes_version);
        private(&spec.kubeconfig_path);

        // It answers, with our label on every node, and has the mirror.
        let clusters = Clusters::new(None, Environment::default());
        let cluster = clusters.connect(&task(30), Some(&made.connection)).await.unwrap();
        assert_eq!(Some(cluster.uid()), made.connection.uid.as_deref());
        let nodes = Api::<Node>::all(cluster.client());
        let labelled =
            nodes.list(&ListParams::default().labels(&format!("{LABEL}={}", id_of(&made)))).await.unwrap();
        assert_eq!(labelled.items.len(), 1);
        let hosts = "/etc/containerd/certs.d/mirrored.invalid/hosts.toml";
        assert!(docker(["exec", &container, "cat", hosts]).await.contains("http://mirror:5000"));

        // Making it again takes it up; a lost kubeconfig is written again.
        assert_eq!(kind().create(&task(60), &spec).await.unwrap().cluster, made);
        std::fs::remove_file(&spec.kubeconfig_path).unwrap();
        let found =
            kind().find(&task(60), &spec.name, Some(id_of(&made)), &spec.kubeconfig_path).await.unwrap();
        assert_eq!(found.as_ref(), Some(&made));
        private(&spec.kubeconfig_path);

        // To others it is taken; with another UID it is gone, and refuses writes.
        let elsewhere = Spec { kubeconfig_path: dir.path().join("other.kubeconfig"), ..spec.clone() };
        let error = kind().create(&task(60), &elsewhere).await.unwrap_err();
        assert!(matches!(&error, Error::Taken { id: Some(id), .. } if id == id_of(&made)), "{error}");
        let bigger = Spec { registry_mirrors: Default::default(), ..spec.clone() };
        let error = kind().create(&task(60), &bigger).await.unwrap_err();
        assert!(matches!(error, Error::OtherSpec { .. }), "{error}");
        let other = Connection { uid: Some("another".into()), ..made.connection.clone() };
        assert!(clusters.connect(&task(30), Some(&other)).await.is_err());
        assert!(clusters.find(&task(30), Some(&other)).await.unwrap().is_none());

        // Stopped, it is unreachable and not gone, to one who has not just asked for its UID.
        docker(["stop", "--time", "1", &container]).await;
        let clusters = Clusters::new(None, Environment::default());
        assert_eq!(kind().presence(&task(30), engine_of(&made)).await.unwrap(), Presence::Here);
        let error = clusters.find(&task(60), Some(&made.connection)).await.err().unwrap();
        assert!(matches!(error, gitops::cluster::Error::Unreachable { .. }), "{error}");

        // Deleted, it is gone: for its own resource, for what lay in it, and the second time.
        let deleted =
            kind().delete(&task(120), &spec.name, id_of(&made), &spec.kubeconfig_path).await.unwrap();
        assert_eq!(deleted, Deletion::Gone);
        assert!(!spec.kubeconfig_path.exists() && !journal.exists());
        assert_eq!(kind().presence(&task(30), engine_of(&made)).await.unwrap(), Presence::Gone);
        assert!(clusters.find(&task(60), Some(&made.connection)).await.unwrap().is_none());
        let found =
            kind().find(&task(60), &spec.name, Some(id_of(&made)), &spec.kubeconfig_path).await.unwrap();
        assert_eq!(found, None);
        kind().delete(&task(60), &spec.name, id_of(&made), &spec.kubeconfig_path).await.unwrap();
    }

    /// One that kind had made when the wait for its nodes ended is taken up by the next create, not made again.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_cluster_whose_wait_was_stopped_is_taken_up() {
        if !engine().await {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let spec = without_network(spec("gitops-unwaited", dir.path()), dir.path());
        let filter = format!("name=^{}-control-plane$", spec.name);
        let container = || docker(["ps", "--all", "--quiet", "--no-trunc", "--filter", &filter]);
        let path = spec.kubeconfig_path.to_string_lossy().into_owned();
        let connection = Connection { config_path: Some(path), ..Connection::default() };
        let answers = async || {
            let clusters = Clusters::new(None, Environment::default());
            spec.kubeconfig_path.exists() && clusters.connect(&task(5), Some(&connection)).await.is_ok()
        };
        let told = interrupt(&spec, answers).await.expect("what is made is told");
        let made = container().await;
        let taken_up = Spec { wait: false, ..spec.clone() };
        let taken_up = kind().create(&task(120), &taken_up).await.unwrap().cluster;
        assert_eq!(taken_up, told);
        assert_eq!(container().await, made, "it was made again");
        kind().delete(&task(120), &spec.name, id_of(&taken_up), &spec.kubeconfig_path).await.unwrap();
    }

    #[cfg(unix)]
    fn private(path: &Path) {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[cfg(not(unix))]
    fn private(path: &Path) {
        assert!(path.exists());
    }

    /// A container that looks like a node of somebody else's cluster; removed at the end.
    struct Stranger(String);

    impl Stranger {
        async fn new(spec: &Spec) -> Self {
            let name = format!("{}-control-plane", spec.name);
            let label = format!("io.x-k8s.kind.cluster={}", spec.name);
            let image = spec.node_image.clone().unwrap_or_else(|| "busybox".into());
            docker(["create", "--label", &label, "--name", &name, &image, "true"]).await;
            Self(name)
        }

        async fn configured(&self, dir: &Path, text: &str) {
            self.write(dir, "kind/kubeadm.conf", text).await;
        }

        async fn has_authority(&self, dir: &Path, text: &str) {
            self.write(dir, "etc/kubernetes/pki/ca.crt", text).await;
        }

        /// Writes a file, and the directories above it.
        async fn write(&self, dir: &Path, file: &str, text: &str) {
            let top = file.split('/').next().unwrap();
            std::fs::create_dir_all(dir.join(file).parent().unwrap()).unwrap();
            std::fs::write(dir.join(file), text).unwrap();
            docker(["cp", &dir.join(top).to_string_lossy(), &format!("{}:/", self.0)]).await;
        }

        async fn is_there(&self) -> bool {
            docker(["ps", "--all", "--format", "{{.Names}}"]).await.contains(&self.0)
        }

        async fn leave(self) {
            docker(["rm", "--force", &self.0]).await;
        }
    }

    #[tokio::test]
    async fn somebody_elses_cluster_is_never_touched() {
        if !engine().await {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let spec = spec("gitops-stranger", dir.path());
        let stranger = Stranger::new(&spec).await;
        let young = kind().create(&task(60), &spec).await.unwrap_err();
        stranger.configured(dir.path(), "node-labels: \"\"\n").await;
        let unmarked = kind().create(&task(60), &spec).await.unwrap_err();
        stranger.configured(dir.path(), &format!("node-labels: \"{LABEL}=e-1\"\n")).await;
        let marked = kind().create(&task(60), &spec).await.unwrap_err();
        let still_there = stranger.is_there().await;
        stranger.leave().await;
        assert!(matches!(young, Error::HalfMade { .. }), "{young}");
        assert!(matches!(unmarked, Error::Taken { id: None, .. }), "{unmarked}");
        assert!(matches!(marked, Error::Taken { id: Some(_), .. }), "{marked}");
        assert!(unmarked.hint().unwrap().contains(&format!("Import it as `kind/{}`", spec.name)));
        assert!(still_there && !spec.kubeconfig_path.exists());
    }

    /// The id that a cluster without a mark has in a state after its import.
    async fn imported_id(authority: &str) -> String {
        let short = |text: &str| Sha256::of(text.as_bytes()).to_string().chars().take(10).collect::<String>();
        let engine = short(&format!("docker {}", docker(["info", "--format", "{{.ID}}"]).await));
        format!("{engine}-unmarked-{}", short(authority))
    }

    /// A cluster that was imported without a mark, then deleted and made anew by hand under the same name.
    #[tokio::test]
    async fn a_cluster_in_the_place_of_an_imported_one_is_never_touched() {
        if !engine().await {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let spec = spec("gitops-imported", dir.path());
        let (theirs, before) = (imported_id("A").await, imported_id("B").await);
        let stranger = Stranger::new(&spec).await;
        stranger.configured(dir.path(), "node-labels: \"\"\n").await;
        let kind = kind();
        let path = &spec.kubeconfig_path;
        let young = kind.delete(&task(60), &spec.name, &theirs, path).await;
        stranger.has_authority(dir.path(), "A\n").await;
        let engine =
            |id: &str| Engine { name: "kind".into(), cluster: spec.name.clone(), id: Some(id.into()) };
        let here = kind.presence(&task(60), &engine(&theirs)).await;
        let gone = kind.presence(&task(60), &engine(&before)).await;
        let found = kind.find(&task(60), &spec.name, Some(&before), path).await;
        let foreign = kind.delete(&task(60), &spec.name, &before, path).await;
        let still_there = stranger.is_there().await;
        let deleted = kind.delete(&task(60), &spec.name, &theirs, path).await;
        let left = stranger.is_there().await;
        stranger.leave().await;
        assert!(matches!(young, Err(Error::HalfMade { .. })), "{young:?}");
        assert_eq!((here.unwrap(), gone.unwrap()), (Presence::Here, Presence::Gone));
        assert_eq!((found.unwrap(), foreign.unwrap(), still_there), (None, Deletion::Foreign, true));
        assert_eq!((deleted.unwrap(), left), (Deletion::Gone, false));
    }

    #[tokio::test]
    async fn another_machines_engine_is_named_and_not_taken_for_a_deletion() {
        if !engine().await {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kubeconfig");
        let engine = Engine { name: "kind".into(), cluster: "dev".into(), id: Some("0123456789-abc".into()) };
        let connection = Connection {
            host: Some("https://127.0.0.1:1".into()),
            engine: Some(engine.clone()),
            ..Connection::default()
        };
        let error = Clusters::new(None, Environment::of_process())
            .find(&task(60), Some(&connection))
            .await
            .err()
            .unwrap();
        let text = gitops::error::chain(&error);
        assert!(
            text.contains("the cluster `dev` was made by another engine than the docker of this machine"),
            "{text}"
        );
        for error in [
            kind().find(&task(60), "dev", engine.id.as_deref(), &path).await.err(),
            kind().delete(&task(60), "dev", "0123456789-abc", &path).await.err(),
        ] {
            assert!(matches!(error, Some(Error::OtherEngine { .. })), "{error:?}");
        }
    }
}
