//! What users say about a repository: the `git` object of a resource, and the provider block's `git`.

use super::GithubApp;
use crate::{Secret, forge};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A repository and branch, without secrets: those are in the provider block, under `git.credentials`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Remote {
    /// Address of the repository: `https://host/path`, `ssh://git@host/path`, `git@host:path`, or `file:///path`, whose
    /// hooks are not run. It must not contain credentials. Default: the provider's `git.url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Branch to read and write. Default: the provider's `git.branch`, then `main`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Name of the author of commits. Default: the provider's `git.author_name`, then `gitops`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_name: Option<String>,
    /// Email address of the author of commits. Default: the provider's `git.author_email`, then
    /// `gitops@localhost`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_email: Option<String>,
    /// Path of the private key for SSH. Default: `ssh_private_key` of the provider's matching credentials, then
    /// the SSH agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key_path: Option<String>,
    /// Public keys of the SSH server, as lines of a `known_hosts` file. Without them nothing is sent to an SSH
    /// server. Default: `known_hosts` of the provider's matching credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_hosts: Option<String>,
}

/// What the provider block says about Git: defaults for every repository, and credentials.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address of the repository that resources use unless they name their own.
    pub url: Option<String>,
    /// Branch that resources use unless they name their own. Default: `main`.
    pub branch: Option<String>,
    /// Name of the author of commits. Default: `gitops`.
    pub author_name: Option<String>,
    /// Email address of the author of commits. Default: `gitops@localhost`.
    pub author_email: Option<String>,
    /// First line of every commit message; `{message}` stands for what the resource says, and must be in it. The last lines
    /// are trailers: `Gitops-Resource`, one for each resource that the commit is of, such as `gitops_tenant acme`, and
    /// `Gitops-Run` for the run that made it. That is what the environment variable `GITOPS_RUN_URL` says, or the page of the
    /// job in GitHub Actions, GitLab CI and Jenkins; elsewhere a random name that all commits of one run share.
    /// Default: `{message}`.
    pub commit_message_template: Option<String>,
    /// Whether commits ask CI systems not to run: `[skip ci]` at the end of the first line. Default: false.
    pub skip_ci: bool,
    /// Signature of every commit.
    pub signing: Option<Signing>,
    /// How changes reach the branch. `pull_request` is for branches that nobody may push to: changes are pushed to a branch
    /// of their own and wait for somebody to merge them, all of them in one open pull or merge request. Default: `push`.
    pub write_mode: WriteMode,
    /// How pull requests are opened, with `write_mode = "pull_request"`.
    pub pull_request: Option<PullRequests>,
    /// Credentials by URL prefix, such as `https://github.com/acme`; the longest matching prefix wins. They are
    /// sent to the scheme, host and port of the prefix only.
    pub credentials: BTreeMap<String, Credentials>,
}

/// How changes reach a branch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WriteMode {
    /// They are pushed to it.
    #[default]
    Push,
    /// They are pushed to a branch of their own, and a pull or merge request is opened that brings them to the branch
    /// once somebody merges it.
    PullRequest,
}

/// How pull and merge requests are opened.
///
/// All changes of a branch wait in one request, whoever makes them: the next apply adds its commits to the one that is
/// open. The token, password or GitHub App for the API is that of `credentials` for the server of the repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PullRequests {
    /// What the server of the repository speaks: `github`, `gitlab`, or `gitea`, which is also Forgejo's. Default: by the
    /// host of the repository, such as `github.com` or `gitlab.acme.example`.
    pub forge: Option<forge::Kind>,
    /// Address of the API. Default: that of the server, such as `https://api.github.com`, `https://HOST/api/v3` of GitHub
    /// Enterprise Server, `https://HOST/api/v4` of GitLab, `https://HOST/api/v1` of Gitea. The credentials of the
    /// repository are sent to it.
    pub api_url: Option<String>,
    /// What stands before the name of the branch in the name of the one that requests come from: `gitops/main` for `main`.
    /// Branches of this name are the provider's own. Default: `gitops/`.
    pub branch_prefix: String,
    /// Title of a request that is opened; `{message}` in it stands for the first line of the first commit, `{branch}` for
    /// the branch. Default: `{message}`.
    pub title: Option<String>,
    /// Description of a request that is opened, where the same is replaced. Default: a line on where it comes from.
    pub body: Option<String>,
    /// Labels of a request that is opened.
    pub labels: Vec<String>,
    /// Whether each resource waits until its request is merged, for as long as its timeout allows. Only what is applied at
    /// the same time shares a request then: see `-parallelism`, or use a fleet. Without it the apply ends with a warning,
    /// and the plan stays empty while the request is open. Default: false.
    pub wait_for_merge: bool,
}

impl Default for PullRequests {
    fn default() -> Self {
        Self {
            forge: None,
            api_url: None,
            branch_prefix: "gitops/".to_owned(),
            title: None,
            body: None,
            labels: Vec::new(),
            wait_for_merge: false,
        }
    }
}

/// The key that signs commits; one of the two.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Signing {
    /// Private key for SSH without a passphrase, or the public key of one that the SSH agent has. The program
    /// `ssh-keygen` signs.
    pub ssh_private_key: Option<Secret<String>>,
    /// Private key of GnuPG without a passphrase, exported with `gpg --armor --export-secret-keys`. The program `gpg`
    /// signs, with a key ring of its own.
    pub gpg_key: Option<Secret<String>>,
}

/// What to say to one Git server. Give `password`, `token` or `github_app` for HTTPS, `ssh_private_key` and `known_hosts` for SSH.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Credentials {
    /// User name. Default with a token: `x-access-token`, which GitHub, GitLab and Gitea take.
    pub username: Option<String>,
    /// Password of the user.
    pub password: Option<Secret<String>>,
    /// Access token, in place of a password.
    pub token: Option<Secret<String>>,
    /// GitHub App that gets access tokens, in place of one.
    pub github_app: Option<GithubApp>,
    /// Private key for SSH, in PEM or OpenSSH format, without a passphrase.
    pub ssh_private_key: Option<Secret<String>>,
    /// Public keys of the SSH server, as lines of a `known_hosts` file.
    pub known_hosts: Option<String>,
    /// Certificates (PEM) of the authority that signed the server's certificate; no other authority is trusted
    /// for this server then.
    pub certificate_authority: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_a_description_and_secrets_are_write_only() {
        let schema = serde_json::to_value(schemars::schema_for!(Settings)).unwrap();
        let remote = serde_json::to_value(schemars::schema_for!(Remote)).unwrap();
        for properties in
            [&schema["properties"], &schema["$defs"]["Credentials"]["properties"], &remote["properties"]]
        {
            for (name, property) in properties.as_object().unwrap() {
                assert!(property["description"].is_string(), "{name}");
            }
        }
        let credentials = &schema["$defs"]["Credentials"]["properties"];
        for (name, secret) in
            [("username", false), ("password", true), ("token", true), ("ssh_private_key", true)]
        {
            assert_eq!(credentials[name]["writeOnly"] == true, secret, "{name}: {}", credentials[name]);
        }
    }
}
