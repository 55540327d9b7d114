//! Errors of the platform that few users ever meet, and no other test brings about, as users read them.

use super::problem;
use crate::resources::rig::shown;
use gitops::argo::approval::ApprovalError;
use gitops::argo::{SpecError, SyncError};
use gitops::cluster::Reason;
use gitops::manifest::{self, Id};
use gitops::path::RepoPath;
use gitops::seal::{self, keys};
use gitops::secrets::NoRandomness;
use gitops::task::Interrupted;
use gitops::{apply, cluster, fetch, forge, git, helm, kind, private_file, product, run, sops, wait};
use gitops::{sops_program, tenant};
use std::io;
use std::time::Duration;

const LATE: Interrupted = Interrupted::TimedOut { limit: Duration::from_secs(60) };

fn full() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

#[test]
fn of_this_machine() {
    let (command, stderr) = ("helm template".to_owned(), vec!["waiting for the registry".to_owned()]);
    let pipe = run::Error::Pipe { command: "sops decrypt".into(), source: io::ErrorKind::BrokenPipe.into() };
    insta::assert_snapshot!(shown(&[
        problem(&run::Error::Interrupted { command, stderr, source: LATE }),
        problem(&pipe),
        problem(&helm::Error::NoChart { path: "charts/argo-cd".into() }),
        problem(&helm::Error::Unsteady { name: "argo-cd".into(), line: 7 }),
        problem(&helm::Error::Scratch { source: full() }),
        problem(&sops_program::Error::Surprise(sops::Error::Empty)),
        problem(&sops_program::Error::Directory(full())),
        problem(&private_file::Error::Appeared { path: "dev.env".into() }),
        problem(&NoRandomness),
    ]), @"
    : `helm template` was ended before it was done
      waiting for the registry
    Caused by: not done within 1m
    ---
    : Failed to talk to `sops decrypt`
    Caused by: broken pipe
    ---
    : `charts/argo-cd` holds no chart
    The chart is the directory `name` within `repository`, with a file `Chart.yaml`.
    ---
    : Chart `argo-cd` comes out differently each time, first in line 7
    The chart makes up a value, such as a password or a certificate. Give it in `values`.
    ---
    : Failed to make a temporary directory
    Caused by: no storage space
    ---
    : What `sops` made of the file cannot be used: there is no value in it
    Give it at least one value.
    ---
    : There is no place for temporary files
    Caused by: no storage space
    ---
    : `dev.env` was made by somebody else meanwhile
    Nothing was written. Apply again to see what it is.
    ---
    : The operating system has no random numbers
    ");
}

#[test]
fn of_downloads() {
    let (url, refused) = ("https://example.com/install.yaml".to_owned(), "403 Forbidden".to_owned());
    insta::assert_snapshot!(shown(&[
        problem(&fetch::Error::Url { why: "it holds a user name or password".into() }),
        problem(&fetch::Error::Url { why: "relative URL without a base".into() }),
        problem(&fetch::Error::Status { url, status: refused }),
        problem(&fetch::Error::Authorities),
    ]), @"
    : The URL cannot be used: it holds a user name or password
    A URL is shown in plans and logs. Serve the file without credentials, or download it first and give its path.
    ---
    : The URL cannot be used: relative URL without a base
    Give an address such as `https://example.com/install.yaml`.
    ---
    : Failed to download `https://example.com/install.yaml`: the server answered 403 Forbidden
    Downloads send no credentials: serve the file without, or download it first and give its path.
    ---
    : The certificate authorities given hold no certificate in PEM form
    Give the whole file, with its `-----BEGIN CERTIFICATE-----`.
    ");
}

#[test]
fn of_what_is_written() {
    let unwritable = || manifest::Error::Write("a number that YAML does not have".into());
    insta::assert_snapshot!(shown(&[
        problem(&tenant::Error::from(unwritable())),
        problem(&product::Error::from(unwritable())),
        problem(&seal::Error::Unavailable),
        problem(&keys::Error::Content(manifest::Error::TooLarge { size: 99, limit: 10 })),
        problem(&keys::Error::Unwritten(sops::Error::Empty)),
    ]), @"
    : Failed to write the files of the tenant
    Caused by: failed to write YAML: a number that YAML does not have
    ---
    : Failed to write the product version
    Caused by: failed to write YAML: a number that YAML does not have
    ---
    : The value could not be encrypted

    ---
    : The backup holds something else than Secrets
    Caused by: the manifest has 99 bytes, more than the 10 allowed

    Split the manifest, or leave out what is not needed.
    ---
    : The keys cannot be encrypted
    Caused by: there is no value in it

    Give it at least one value.
    ");
}

#[test]
fn of_applications() {
    insta::assert_snapshot!(shown(&[
        problem(&SyncError::Option { option: "CreateNamespace".into() }),
        problem(&SpecError::File(RepoPath::parse("../../web.yaml").unwrap_err())),
        problem(&SpecError::FileCredentials),
        problem(&ApprovalError::Repositories),
        problem(&ApprovalError::NoSource),
    ]), @"
    : `CreateNamespace` is not a sync option
    Sync options look like `CreateNamespace=true`.
    ---
    : `../../web.yaml` is not a path in a repository: `.` and `..` are not allowed
    Use a path that stays in the repository, such as `../common/web.yaml`.
    ---
    : The address of a file of values has credentials in it
    Everyone who may see the Application would see them. Put the file into a repository that Argo CD has credentials for.
    ---
    : Its sources lie in several repositories, of which one revision says too little
    Sync it with `argocd app sync --revisions`.
    ---
    : It has no source
    ");
}

#[test]
fn of_clusters() {
    let host = || "https://127.0.0.1:6443".to_owned();
    let unreachable =
        Box::new(cluster::Error::Unreachable { host: host(), why: "connection refused".into() });
    let engine = Box::new(kind::Error::NoEngine { tried: vec!["docker: not installed".into()] });
    let (command, why) = ("kubelogin".to_owned(), "it is no ExecCredential in JSON".to_owned());
    let provider = cluster::Error::AuthProvider { name: "`dev.kubeconfig`".into(), provider: "oidc".into() };
    let reason = Reason::Refused { alert: "bad certificate".into(), certificate: true };
    insta::assert_snapshot!(shown(&[
        problem(&provider),
        problem(&cluster::Error::Credentials { host: host(), command, why }),
        problem(&cluster::Error::Tls { host: host(), reason }),
        problem(&cluster::Error::Engine { unreachable, source: engine }),
        problem(&cluster::Error::Interrupted(LATE)),
    ]), @"
    : `dev.kubeconfig` uses `auth-provider` oidc, which Kubernetes clients no longer support
    Use a credential plugin instead: `gke-gcloud-auth-plugin`, `kubelogin`.
    ---
    : The credential program `kubelogin` for `https://127.0.0.1:6443` printed no credentials: it is no ExecCredential in JSON

    ---
    : No secure connection to the cluster at `https://127.0.0.1:6443`: it refused our client certificate (bad certificate)
    The client certificate may have expired: get a new kubeconfig.
    ---
    : The cluster at `https://127.0.0.1:6443` cannot be reached: connection refused; its engine cannot tell whether it still exists
    Caused by: no container engine answers
      docker: not installed

    Install Docker (https://docs.docker.com/engine/install/) or Podman (https://podman.io/docs/installation), start it, and see that `docker info` or `podman info` answers for this user.
    ---
    : The cluster was not reached
    Caused by: not done within 1m
    ");
}

#[test]
fn of_objects() {
    let claim = Id::new("", "PersistentVolumeClaim", Some("acme"), "data");
    let secret = Id::new("", "Secret", Some("web"), "app");
    let (what, reason) = ("rollout of Deployment argocd/argocd-server".to_owned(), "forbidden".to_owned());
    let annotation = "argocd.argoproj.io/sync-options";
    let message = "401 Unauthorized".to_owned();
    insta::assert_snapshot!(shown(&[
        problem(&apply::Error::Refused { action: "read", object: secret, code: 401, message }),
        problem(&apply::Error::Contested { object: claim, annotation }),
        problem(&wait::Error::Refused { what, reason }),
    ]), @"
    : The cluster refused to read Secret web/app: 401 Unauthorized
    The credentials were not accepted; have they expired?
    ---
    : PersistentVolumeClaim acme/data has `argocd.argoproj.io/sync-options` from its chart, which Argo CD would put back
    Nothing was removed. Add the option to the chart, or let the tenant be suspended first: then Argo CD leaves it alone.
    ---
    : Rollout of Deployment argocd/argocd-server: forbidden
    Waiting needs the rights to get, list and watch.
    ");
}

#[test]
fn of_git_and_forges() {
    let api = || "https://git.example.com/api/v3".to_owned();
    let (what, why) = ("open the pull request", "connection refused".to_owned());
    let said = "502 Bad Gateway".to_owned();
    insta::assert_snapshot!(shown(&[
        problem(&git::Error::App { id: "7".into(), base: api(), why: "404 Not Found".into() }),
        problem(&forge::Error::Unreachable { what, api: api(), why }),
        problem(&forge::Error::Answer { what, api: api(), said, transient: true }),
    ]), @"
    : The GitHub App `7` got no token from https://git.example.com/api/v3: 404 Not Found
    Check `github_app`: `id`, `installation_id`, the app's `private_key`, and `base_url` for GitHub Enterprise Server.
    ---
    : Failed to open the pull request at https://git.example.com/api/v3: connection refused
    Check `pull_request.api_url`, and that this machine reaches it. Proxies are taken from HTTPS_PROXY and NO_PROXY.
    ---
    : Failed to open the pull request at https://git.example.com/api/v3: 502 Bad Gateway
    Apply again: what was done is found and continued.
    ");
}
