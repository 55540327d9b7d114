//! What Argo CD would refuse in the Secret of a repository, or only find out when it pulls, said before anything is
//! written. No text of it shows a secret.

use super::check::has_password;
use super::repository::{Repository, RepositoryType, SecretType};
use super::repository_error::RepositoryError;
use crate::Secret;
use crate::git::has_passphrase;

type Wrong = (&'static str, RepositoryError);

impl Repository {
    /// Everything that is wrong with it, and the attribute it is wrong in.
    pub fn validate(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        if has_password(&self.url) {
            wrong.push(("url", RepositoryError::Credentials));
        } else if !self.has_fitting_address() {
            wrong.push(("url", RepositoryError::Address { kind: self.kind }));
        }
        if self.options.enable_oci && self.kind != RepositoryType::Helm {
            wrong.push(("enable_oci", RepositoryError::Oci { kind: self.kind }));
        }
        if let Some(depth) = self.options.depth
            && (depth < 1 || self.kind != RepositoryType::Git)
        {
            wrong.push(("depth", RepositoryError::Depth { depth }));
        }
        if self.secret_type == SecretType::RepoCreds && self.project.is_some() {
            wrong.push(("project", RepositoryError::Project));
        }
        self.wrong_in_ways(&mut wrong);
        self.wrong_in_keys(&mut wrong);
        wrong
    }

    fn has_fitting_address(&self) -> bool {
        let url = self.url.trim();
        let place = |rest: Option<&str>| rest.is_some_and(|rest| !rest.starts_with('/') && !rest.is_empty());
        let web = place(url.strip_prefix("https://").or(url.strip_prefix("http://")));
        if url.contains(char::is_whitespace) || url.contains(char::is_control) {
            return false;
        }
        match self.kind {
            RepositoryType::Git => web || is_ssh(url),
            RepositoryType::Helm if self.options.enable_oci => !url.is_empty() && !url.contains("://"),
            RepositoryType::Helm => web,
            RepositoryType::Oci => place(url.strip_prefix("oci://")),
        }
    }

    fn wrong_in_ways(&self, wrong: &mut Vec<Wrong>) {
        let credentials = &self.credentials;
        let ways = [
            ("password_wo", credentials.password.is_some()),
            ("bearer_token_wo", credentials.bearer_token.is_some()),
            ("ssh_private_key_wo", credentials.ssh_private_key.is_some()),
            ("github_app", credentials.github_app.is_some()),
            ("gcp_service_account_key_wo", credentials.gcp_service_account_key.is_some()),
            ("azure_service_principal", credentials.azure_service_principal.is_some()),
            ("use_azure_workload_identity", credentials.azure_workload_identity),
        ];
        let ways: Vec<&'static str> = ways.iter().filter(|(_, given)| *given).map(|(way, _)| *way).collect();
        if let [_, second, ..] = *ways {
            wrong.push((second, RepositoryError::Ways { ways: ways.clone() }));
        }
        if ways.is_empty() && credentials.tls_client.is_none() && self.secret_type == SecretType::RepoCreds {
            wrong.push(("secret_type", RepositoryError::Nothing));
        }
        let ssh = is_ssh(self.url.trim());
        for way in ways {
            let needs = if way == "ssh_private_key_wo" { "SSH" } else { "HTTPS" };
            if ssh != (needs == "SSH") {
                wrong.push((way, RepositoryError::Transport { attribute: way, needs }));
            } else if !opens(way, self.kind) {
                wrong.push((way, RepositoryError::Useless { attribute: way, kind: self.kind }));
            }
        }
        match (&self.username, &credentials.password) {
            (None, Some(_)) => wrong
                .push(("username", RepositoryError::Missing { given: "password_wo", missing: "username" })),
            (Some(_), None) if credentials.ssh_private_key.is_none() => wrong.push((
                "password_wo",
                RepositoryError::Missing { given: "username", missing: "password_wo" },
            )),
            _ => {}
        }
    }

    fn wrong_in_keys(&self, wrong: &mut Vec<Wrong>) {
        let credentials = &self.credentials;
        let empty = |secret: &Option<Secret<String>>| {
            secret.as_ref().is_some_and(|secret| secret.expose().trim().is_empty())
        };
        let texts = [
            ("username", self.username.as_ref().is_some_and(|name| name.trim().is_empty())),
            ("password_wo", empty(&credentials.password)),
            ("bearer_token_wo", empty(&credentials.bearer_token)),
        ];
        let texts = texts.into_iter().filter(|(_, empty)| *empty);
        wrong.extend(texts.map(|(at, _)| (at, RepositoryError::Empty { attribute: at })));
        let ssh = credentials.ssh_private_key.as_ref();
        wrong.extend(ssh.and_then(|key| wrong_in_key("ssh_private_key_wo", key)));
        if let Some(app) = &credentials.github_app {
            let at = "github_app.private_key_wo";
            let missing = RepositoryError::Missing { given: "github_app", missing: at };
            wrong.extend(match &app.private_key_wo {
                Some(key) => wrong_in_key(at, key),
                None => Some((at, missing)),
            });
        }
        let account = credentials.gcp_service_account_key.as_ref();
        wrong.extend(account.and_then(wrong_in_account));
        if let Some(principal) = &credentials.azure_service_principal {
            let at = "azure_service_principal.client_secret_wo";
            let missing = RepositoryError::Missing { given: "azure_service_principal", missing: at };
            let parts = [
                ("azure_service_principal.tenant_id", principal.tenant_id.trim().is_empty()),
                ("azure_service_principal.client_id", principal.client_id.trim().is_empty()),
                (at, empty(&principal.client_secret_wo)),
            ];
            let parts = parts.into_iter().filter(|(_, empty)| *empty);
            wrong.extend(parts.map(|(at, _)| (at, RepositoryError::Empty { attribute: at })));
            wrong.extend(principal.client_secret_wo.is_none().then_some((at, missing)));
        }
        if let Some(client) = &credentials.tls_client {
            let (at, key) = ("tls_client.certificate", "tls_client.key_wo");
            if !client.certificate.contains("-----BEGIN CERTIFICATE-----") {
                wrong.push((at, RepositoryError::Pem { attribute: at, what: "a certificate" }));
            }
            wrong.extend(match &client.key_wo {
                Some(given) => wrong_in_key(key, given),
                None => Some((key, RepositoryError::Missing { given: at, missing: key })),
            });
        }
    }
}

fn wrong_in_key(attribute: &'static str, key: &Secret<String>) -> Option<Wrong> {
    let text = key.expose();
    let error = if text.trim().is_empty() {
        RepositoryError::Empty { attribute }
    } else if !text.contains("-----BEGIN ") || !text.contains("PRIVATE KEY-----") {
        RepositoryError::Pem { attribute, what: "a private key" }
    } else if has_passphrase(text) {
        RepositoryError::Passphrase { attribute }
    } else {
        return None;
    };
    Some((attribute, error))
}

/// Whether Argo CD uses this way in for what is of that kind (`GetGitCreds`, `GetHelmCreds` and `GetOCICreds` of its
/// `repository_types.go`): the others it leaves unused, and nobody is told.
fn opens(way: &str, kind: RepositoryType) -> bool {
    match kind {
        RepositoryType::Git => true,
        RepositoryType::Helm => matches!(way, "password_wo" | "use_azure_workload_identity"),
        RepositoryType::Oci => way == "password_wo",
    }
}

/// What Google's library would not take for the key of a service account.
fn wrong_in_account(key: &Secret<String>) -> Option<Wrong> {
    const AT: &str = "gcp_service_account_key_wo";
    #[derive(serde::Deserialize)]
    struct Account {
        r#type: String,
        client_email: String,
        private_key: Secret<String>,
    }
    let text = key.expose();
    if text.trim().is_empty() {
        return Some((AT, RepositoryError::Empty { attribute: AT }));
    }
    let account = serde_json::from_str::<Account>(text).is_ok_and(|account| {
        let key = account.private_key.expose();
        account.r#type == "service_account"
            && !account.client_email.is_empty()
            && key.contains("PRIVATE KEY-----")
    });
    (!account).then_some((AT, RepositoryError::ServiceAccount { attribute: AT }))
}

/// Whether an address is one of SSH: `ssh://…`, or `user@host:path`.
fn is_ssh(url: &str) -> bool {
    let scp = || match (url.contains("://"), url.split_once('@')) {
        (false, Some((user, rest))) => {
            let path = rest.split_once(':').map(|(host, path)| !host.is_empty() && !path.is_empty());
            !user.is_empty() && !user.contains(['/', ':']) && path.unwrap_or_default()
        }
        _ => false,
    };
    url.strip_prefix("ssh://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')) || scp()
}
