//! A cluster, a repository, and a run of the CLI that is told secrets by a file that lies elsewhere.

use super::super::sealed_secrets_controller::LABEL;
use super::guest::Guest;
use super::secrets::{RECIPIENT, Secrets};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gitops_acceptance_tests::git_server::{Bare, Options, Server};
use gitops_acceptance_tests::sealing_pair::{RsaKeySize, SealingPair};
use gitops_acceptance_tests::{Case, Kubectl, Namespace, Random, Watch, Workspace};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const REPOSITORY: &str = "platform.git";
/// A chart for tenants.
const CHART: &str = "apiVersion: v2\nname: tenant\nversion: 1.2.3\n";
/// Where nobody is: for a provider that has credentials for it, and no use.
const NOWHERE: (&str, &str) = ("ssh://git@127.0.0.1:1/none.git", "127.0.0.1 ssh-ed25519 AAAA");
/// What the repositories ask for.
const CREDENTIALS: [&str; 3] = ["provider.password", "provider.git_token", "provider.guest_ssh_key"];
/// Base64 in PEM, and nothing more.
const NO_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

/// Where secrets come, go, and fail to.
pub struct Stage {
    pub run: Workspace,
    pub secrets: Secrets,
    pub bare: Bare,
    pub server: Server,
    /// One that asks for a token, and its repository.
    tokens: (Server, Bare),
    guest: Option<Guest>,
    pub namespace: Namespace,
    kubectl: Kubectl,
    case: Case,
    random: Random,
    /// What the provider takes for the place of temporary files, and for the user's home.
    temporary: PathBuf,
    trace: PathBuf,
    /// Where the user keeps the secrets: it is not searched.
    vault: TempDir,
    watch: Option<Watch>,
    looks: usize,
    _runtime: Runtime,
}

impl Stage {
    /// A run of `blocks`, with a secret for each that they name.
    pub fn set(case: &Case, blocks: &[&str]) -> Self {
        let (mut secrets, mut random) = (Secrets::default(), case.random());
        secrets.make_up(case, &mut random, &blocks.concat());
        let runtime = Runtime::new().expect("a runtime");
        let (server, bare) = served(case, &runtime, "git", secrets.get("provider.password"));
        let tokens = served(case, &runtime, "x-access-token", secrets.get("provider.git_token"));
        bare.write("charts/shop/values.yaml", "secrets:\n  data: {}\n").expect("a chart");
        bare.write("charts/tenant/Chart.yaml", CHART).expect("another one");
        let (kubectl, namespace) = (case.lab().kubectl(), case.lab().namespace(case));
        let mut run = case.blocks(&blocks.concat());
        let temporary = case.dir().join("temporary");
        fs::create_dir_all(&temporary).expect("a place for temporary files");
        let trace = run.logs().join("trace");
        run.env("KUBECONFIG", "").env("TF_LOG", "TRACE").env("TF_LOG_PATH", trace.to_string_lossy());
        for place in ["TMPDIR", "HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"] {
            run.env(place, temporary.to_string_lossy());
        }
        let vault = TempDir::new().expect("a place that is the user's");
        let key = secrets.get("provider.guest_ssh_key");
        let guest = Guest::may_come(case).then(|| Guest::let_in(case, key, vault.path()));
        let ssh = guest.as_ref().map(|guest| (guest.repository.ssh_url(), guest.hosts()));
        let (ssh, hosts) = ssh.unwrap_or_else(|| (NOWHERE.0.to_owned(), NOWHERE.1.to_owned()));
        let (host, authority) = cluster(secrets.get("provider.kubeconfig"));
        let pair = SealingPair::new(RsaKeySize::_2048);
        let public = json!({
            "namespace": namespace.name(), "repository": server.url(REPOSITORY), "recipient": RECIPIENT,
            "certificate": pair.certificate, "no_certificate": NO_CERTIFICATE, "no_key": "no key", "other": "OTHER",
            "token_repository": tokens.0.url(REPOSITORY), "ssh_repository": ssh, "known_hosts": hosts,
            "host": host, "authority": authority, "credential": vault.path().join("credential.json"),
        });
        run.var("public", public.to_string());
        let case = case.clone();
        let mut stage = Self {
            run,
            secrets,
            bare,
            server,
            tokens,
            guest,
            namespace,
            kubectl,
            case,
            random,
            temporary,
            trace,
            vault,
            watch: None,
            looks: 0,
            _runtime: runtime,
        };
        stage.tell();
        stage
    }

    /// Tells the CLI the secrets: neither by arguments nor by its environment.
    fn tell(&mut self) {
        let file = self.vault.path().join("secrets.tfvars.json");
        fs::write(&file, json!({"secrets": self.secrets.variable()}).to_string())
            .expect("a file of variables");
        let token = self.secrets.find("program.token").unwrap_or_default();
        let credential = json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": token}});
        fs::write(self.vault.path().join("credential.json"), credential.to_string()).expect("a credential");
        for command in ["plan", "apply", "destroy"] {
            self.run.env(&format!("TF_CLI_ARGS_{command}"), format!("-var-file={}", file.display()));
        }
        self.looked();
        self.watch = Some(self.secrets.search().watch_processes());
    }

    /// The log, at its most talkative.
    pub fn trace(&self) -> &Path {
        &self.trace
    }

    /// Ends the watch over processes.
    #[track_caller]
    fn looked(&mut self) {
        self.looks += self.watch.take().map(Watch::assert_unseen).unwrap_or_default();
    }

    /// Other blocks, with a secret for each that they name. The repositories keep what they ask for.
    pub fn change(&mut self, blocks: &[&str]) {
        let kept = CREDENTIALS.map(|name| self.secrets.get(name).to_owned());
        self.secrets.make_up(&self.case, &mut self.random, &blocks.concat());
        CREDENTIALS.iter().zip(kept).for_each(|(name, secret)| self.secrets.set(name, secret));
        self.run.write("main.tf", &blocks.concat());
        self.tell();
    }

    /// Other secrets for these blocks.
    pub fn make_up_anew(&mut self, blocks: &[&str]) {
        self.secrets.make_up(&self.case, &mut self.random, &blocks.concat());
        self.tell();
    }

    /// A value that a Secret of the namespace has.
    #[track_caller]
    pub fn value(&self, name: &str, key: &str) -> String {
        let secret = self.kubectl.find(self.namespace.name(), "secret", name).expect("the Secret");
        let bytes = STANDARD.decode(secret["data"][key].as_str().unwrap_or_default()).expect("base64");
        String::from_utf8(bytes).expect("text")
    }

    /// The private keys of the namespace become secrets: the provider has made them, and nobody told it.
    pub fn learn_keys(&mut self) {
        let listed = self.kubectl.get(&["secret", "-n", self.namespace.name(), "-l", LABEL]);
        let names = listed["items"].as_array().into_iter().flatten();
        let names: Vec<_> = names.filter_map(|key| key["metadata"]["name"].as_str()).collect();
        assert!(!names.is_empty(), "there is no private key");
        for name in names {
            let key = self.value(name, "tls.key");
            self.secrets.learn_lines("sealing.key", &key);
        }
    }

    /// The Secret that each resource makes in the cluster, by the label of the resource.
    pub fn homes(&mut self) -> BTreeMap<String, String> {
        let state = self.run.state();
        let home = |address: &&str| {
            let (kind, label) = address.split_once('.')?;
            let resource = state.resource(address);
            let name = match kind {
                "gitops_secret_injection" => resource["name"].as_str()?,
                "gitops_repository_credentials" => resource["secret_name"].as_str()?,
                "gitops_tenant" => "tenant-secrets",
                "gitops_sealing_key" => resource["keys"].as_object()?.keys().next()?,
                _ => return None,
            };
            Some((label.to_owned(), name.to_owned()))
        };
        state.addresses().iter().filter_map(home).collect()
    }

    /// Demands that no secret is in anything that the run has left.
    #[track_caller]
    pub fn assert_nowhere(&mut self) {
        self.looked();
        assert!(self.looks > 10, "processes were hardly looked at");
        let traced = fs::read_to_string(&self.trace).expect("the trace");
        assert!(
            traced.contains("provider.terraform-provider-gitops"),
            "nothing of the provider is in the trace"
        );
        let search = self.secrets.search();
        let objects = [("objects", &self.bare), ("others", &self.tokens.1)].map(|(name, bare)| {
            let file = self.vault.path().join(name);
            fs::write(&file, bare.objects().expect("the objects of Git")).expect("a copy of them");
            file
        });
        let over_ssh = self.guest.as_ref().map(|guest| guest.repository.objects());
        // Where nothing was pushed, Git has the commit that it began with.
        let places = objects.into_iter().chain(over_ssh).map(|objects| (objects, 100));
        for (place, least) in places.chain([(self.case.dir(), 10_000)]) {
            assert!(search.assert_absent(&place) > least, "there was hardly anything in {}", place.display());
        }
    }

    /// An apply whose provider is killed when `now` says so.
    #[track_caller]
    pub fn killed_while(&mut self, now: impl Fn(&Self) -> bool) {
        let mut apply = self.run.start_apply();
        assert!(apply.until(|_| now(self)), "it ended before it was killed");
        assert!(apply.kill_provider_at(apply.elapsed()), "there was no provider to kill");
        apply.wait().failure();
        let left = fs::read_dir(&self.temporary).expect("the place for temporary files").count();
        assert!(left > 0, "nothing was left behind to be searched");
    }

    /// A Secret of this name, made by somebody else.
    pub fn of_others(&self, name: &str) {
        self.kubectl.run(&[
            "create",
            "secret",
            "generic",
            name,
            "-n",
            self.namespace.name(),
            "--from-literal=IT=x",
        ]);
    }
}

/// A server that asks for `user` and `password`, and its repository.
fn served(case: &Case, runtime: &Runtime, user: &str, password: &str) -> (Server, Bare) {
    let root = case.dir().join("repositories").join(user);
    let bare = Bare::seeded(&root.join(REPOSITORY)).expect("a repository");
    bare.git(&["config", "http.receivepack", "true"]).expect("a repository that takes pushes");
    let options = Options { root, credentials: Some((user.to_owned(), password.to_owned())), tls: None };
    let server = runtime.block_on(Server::start(([127, 0, 0, 1], 0).into(), options)).expect("a server");
    (server, bare)
}

/// The address of the cluster, and the certificate of its authority.
fn cluster(kubeconfig: &str) -> (String, String) {
    let parsed: Value = serde_saphyr::from_str(kubeconfig).expect("a kubeconfig");
    let cluster = &parsed["clusters"][0]["cluster"];
    let authority = STANDARD.decode(cluster["certificate-authority-data"].as_str().unwrap_or_default());
    let authority = authority.ok().and_then(|pem| String::from_utf8(pem).ok());
    (cluster["server"].as_str().unwrap_or_default().to_owned(), authority.unwrap_or_default())
}
