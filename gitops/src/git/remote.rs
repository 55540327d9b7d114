//! What users say about a repository: the `git` object of a resource, and the provider block's `git`.

use super::GithubApp;
use crate::Secret;
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
    /// First line of every commit message; `{message}` stands for what the resource says, and must be in it.
    /// Default: `{message}`.
    pub commit_message_template: Option<String>,
    /// Whether commits ask CI systems not to run: `[skip ci]` at the end of the first line. Default: false.
    pub skip_ci: bool,
    /// Signature of every commit.
    pub signing: Option<Signing>,
    /// Credentials by URL prefix, such as `https://github.com/acme`; the longest matching prefix wins. They are
    /// sent to the scheme, host and port of the prefix only.
    pub credentials: BTreeMap<String, Credentials>,
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
