//! What the Secret of a repository holds, how it reads, and what it cannot be.

use super::*;
use crate::Explain;
use crate::secrets::{Key, Wanted, object};
use proptest::prelude::*;
use serde_json::json;

const KEY: &str = "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n";
const ACCOUNT: &str = r#"{"type": "service_account", "client_email": "argocd@shop.example", "private_key": "-----BEGIN PRIVATE KEY-----"}"#;
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";

fn secret(text: &str) -> Option<Secret<String>> {
    Some(Secret::new(text.to_owned()))
}

fn shop() -> Repository {
    Repository { url: "https://git.example.com/acme/shop.git".into(), ..Repository::default() }
}

fn with_password() -> Repository {
    let credentials = Credentials { password: secret("hunter2"), ..Credentials::default() };
    Repository { username: Some("argocd".into()), credentials, ..shop() }
}

fn github_app(key: &str) -> Credentials {
    let base_url = Some("https://github.example.com/api/v3".to_owned());
    let app = GithubApp { id: 7, installation_id: Some(8), private_key_wo: secret(key), base_url };
    Credentials { github_app: Some(app), ..Credentials::default() }
}

fn principal(client_secret: &str) -> Credentials {
    let principal = AzureServicePrincipal {
        tenant_id: "t".into(),
        client_id: "c".into(),
        client_secret_wo: secret(client_secret),
        active_directory_endpoint: Some("https://login.example.com".into()),
    };
    Credentials { azure_service_principal: Some(principal), ..Credentials::default() }
}

/// The Secret as the cluster has it.
fn live(repository: &Repository) -> Value {
    let data = repository.data().ok().unwrap();
    let wanted = Wanted {
        namespace: "argocd".into(),
        name: Repository::secret_name(&repository.url),
        kind: String::new(),
        labels: [(SECRET_TYPE.to_owned(), repository.secret_type.label().to_owned())].into(),
        annotations: Default::default(),
        immutable: false,
        data,
    };
    object(&wanted, &Key::from_bytes([7; 32])).into_value()
}

fn held(repository: &Repository) -> String {
    let data = repository.data().ok().unwrap();
    let line =
        |(key, value): (&String, &Vec<u8>)| format!("{key}: {}", String::from_utf8_lossy(value).trim());
    data.expose().0.iter().map(line).collect::<Vec<_>>().join("\n").replace('\n', " | ")
}

#[test]
fn each_way_in_is_written_in_argo_cds_words() {
    let ssh = Repository {
        url: "git@git.example.com:acme/shop.git".into(),
        credentials: Credentials { ssh_private_key: secret(KEY), ..Credentials::default() },
        project: Some("shop".into()),
        ..Repository::default()
    };
    let helm = Repository {
        url: "registry.example.com/charts".into(),
        kind: RepositoryType::Helm,
        name: Some("charts".into()),
        options: Options { enable_oci: true, insecure: true, ..Options::default() },
        ..with_password()
    };
    let client = TlsClient { certificate: CERTIFICATE.into(), key_wo: secret(KEY) };
    let shown = Credentials { tls_client: Some(client), ..Credentials::default() };
    let proxy = Options {
        proxy: Some("http://proxy.example:3128".into()),
        no_proxy: Some("*.example".into()),
        ..Options::default()
    };
    let account = Credentials { gcp_service_account_key: secret(ACCOUNT), ..Credentials::default() };
    let azure = Repository { credentials: principal("s"), ..shop() };
    let shallow = Options {
        depth: Some(1),
        insecure_oci_force_http: true,
        webhook_manifest_cache_warm_disabled: true,
        ..Options::default()
    };
    let identity = Credentials { azure_workload_identity: true, ..Credentials::default() };
    let bearer = Credentials { bearer_token: secret("t"), ..Credentials::default() };
    let all = [
        with_password(),
        Repository { credentials: bearer, ..shop() },
        ssh,
        Repository { credentials: github_app(KEY), ..shop() },
        Repository { credentials: shown, options: proxy, ..shop() },
        helm,
        Repository { credentials: account, ..shop() },
        azure.clone(),
        Repository { secret_type: SecretType::RepoCreds, ..azure },
        Repository { credentials: identity, options: shallow, ..shop() },
    ];
    insta::assert_snapshot!(all.iter().map(held).collect::<Vec<_>>().join("\n"), @r#"
    password: hunter2 | type: git | url: https://git.example.com/acme/shop.git | username: argocd
    bearerToken: t | type: git | url: https://git.example.com/acme/shop.git
    project: shop | sshPrivateKey: -----BEGIN PRIVATE KEY----- | AA== | -----END PRIVATE KEY----- | type: git | url: git@git.example.com:acme/shop.git
    githubAppEnterpriseBaseUrl: https://github.example.com/api/v3 | githubAppID: 7 | githubAppInstallationID: 8 | githubAppPrivateKey: -----BEGIN PRIVATE KEY----- | AA== | -----END PRIVATE KEY----- | type: git | url: https://git.example.com/acme/shop.git
    noProxy: *.example | proxy: http://proxy.example:3128 | tlsClientCertData: -----BEGIN CERTIFICATE----- | AA== | -----END CERTIFICATE----- | tlsClientCertKey: -----BEGIN PRIVATE KEY----- | AA== | -----END PRIVATE KEY----- | type: git | url: https://git.example.com/acme/shop.git
    enableOCI: true | insecure: true | name: charts | password: hunter2 | type: helm | url: registry.example.com/charts | username: argocd
    gcpServiceAccountKey: {"type": "service_account", "client_email": "argocd@shop.example", "private_key": "-----BEGIN PRIVATE KEY-----"} | type: git | url: https://git.example.com/acme/shop.git
    azureActiveDirectoryEndpoint: https://login.example.com | azureServicePrincipalClientId: c | azureServicePrincipalClientSecret: s | azureServicePrincipalTenantId: t | type: git | url: https://git.example.com/acme/shop.git
    azureActiveDirectoryEndpoint: https://login.example.com | azureServicePrincipalClientID: c | azureServicePrincipalClientSecret: s | azureServicePrincipalTenantID: t | type: git | url: https://git.example.com/acme/shop.git
    depth: 1 | insecureOCIForceHttp: true | type: git | url: https://git.example.com/acme/shop.git | useAzureWorkloadIdentity: true | webhookManifestCacheWarmDisabled: true
    "#);
    for repository in all {
        let read = Repository::of(&live(&repository));
        assert!(read.same(&repository));
        assert_eq!(Repository::unknown_keys(&live(&repository)), [""; 0]);
        assert_eq!(
            (read.kind, &read.name, &read.username),
            (repository.kind, &repository.name, &repository.username)
        );
        assert_eq!(read.options, repository.options);
        let app =
            |of: &Repository| of.credentials.github_app.as_ref().map(|app| (app.id, app.installation_id));
        assert_eq!(app(&read), app(&repository));
        let azure = |of: &Repository| {
            let principal = of.credentials.azure_service_principal.as_ref();
            let ids = principal.map(|principal| (principal.tenant_id.clone(), principal.client_id.clone()));
            (ids, of.credentials.azure_workload_identity)
        };
        assert_eq!(azure(&read), azure(&repository));
        assert!(read.credentials.password.is_none() && read.credentials.ssh_private_key.is_none());
    }
}

#[test]
fn any_shape_is_read() {
    for live in [json!(null), json!({"data": {"url": "%", "githubAppID": "YQ=="}, "metadata": {"labels": 1}})]
    {
        assert_eq!(Repository::of(&live).url, "", "{live}");
    }
}

#[test]
fn names_are_readable() {
    let names = [
        "https://git.example.com/acme/shop.git",
        "https://git.example.com/acme/shop",
        "git@git.example.com:acme/shop.git",
        "https://git.example.com/acme/a-very-long-name-of-a-repository-that-nobody-will-type.git",
        "https://日本.example/ü",
        "https://日本/",
        "oci://registry.example.com/shop/manifests",
    ]
    .map(Repository::secret_name);
    insta::assert_snapshot!(names.join("\n"), @"
    repository-git-example-com-acme-shop-4d029123
    repository-git-example-com-acme-shop-4d029123
    repository-git-example-com-acme-shop-65bc09bf
    repository-git-example-com-acme-a-very-long-name-of-c23ad2ef
    repository-example-1e03cd79
    repository-0da382dd
    repository-registry-example-com-shop-manifests-bfecd9a1
    ");
}

proptest! {
    /// Whatever the address, its name is one that Kubernetes takes.
    #[test]
    fn every_name_can_be(url in "\\PC{0,80}") {
        prop_assert!(crate::names::object(&Repository::secret_name(&url), "Secret").is_ok());
    }
}

#[test]
fn what_argo_cd_takes_for_the_same() {
    let at = |url: &str| Repository { url: url.into(), ..Repository::default() };
    let base = at("https://git.example.com/acme/shop.git");
    let cases = [
        (at("https://GIT.example.com/Acme/shop"), true),
        (at("https://git.example.com/acme/shops"), false),
        (Repository { project: Some("shop".into()), ..base.clone() }, false),
        (Repository { project: Some(String::new()), ..base.clone() }, true),
        (Repository { secret_type: SecretType::RepoCreds, ..base.clone() }, false),
    ];
    for (other, expected) in cases {
        assert_eq!(base.same(&other), expected, "{} {:?}", other.url, other.project);
    }
    assert!(at("ssh://git@git.example.com/a.git").same(&at("git@git.example.com/a")));
}

#[test]
fn what_cannot_be() {
    let credentials = |credentials: Credentials| Repository { credentials, ..shop() };
    let of = |kind: RepositoryType, url: &str| Repository { kind, url: url.into(), ..Repository::default() };
    let client = |certificate: &str, key: Option<&str>| {
        let key_wo = key.and_then(secret);
        credentials(Credentials {
            tls_client: Some(TlsClient { certificate: certificate.into(), key_wo }),
            ..Credentials::default()
        })
    };
    let ssh = |key: &str| Credentials { ssh_private_key: secret(key), ..Credentials::default() };
    let account = |key: &str| {
        credentials(Credentials { gcp_service_account_key: secret(key), ..Credentials::default() })
    };
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let no_key = GithubApp { id: 1, ..GithubApp::default() };
    let template = Repository { secret_type: SecretType::RepoCreds, ..shop() };
    let oci = Options { enable_oci: true, ..Options::default() };
    let all = [
        of(RepositoryType::Git, "shop"),
        of(RepositoryType::Git, "https:///shop"),
        of(RepositoryType::Helm, "oci://registry.example.com/charts"),
        of(RepositoryType::Oci, "registry.example.com/charts"),
        Repository { url: "https://ci:hunter2@git.example.com/shop.git".into(), ..Repository::default() },
        Repository { username: None, ..with_password() },
        Repository { username: Some("argocd".into()), ..shop() },
        Repository { credentials: Credentials { password: secret(" "), ..ssh(KEY) }, ..with_password() },
        Repository { url: "git@git.example.com:acme/shop.git".into(), ..with_password() },
        Repository {
            url: "git@git.example.com:acme/shop.git".into(),
            credentials: ssh("hunter2"),
            ..Repository::default()
        },
        Repository {
            url: "ssh://git@git.example.com/shop.git".into(),
            credentials: ssh(encrypted),
            ..Repository::default()
        },
        credentials(Credentials { github_app: Some(no_key), ..Credentials::default() }),
        client("hunter2", Some(KEY)),
        client(CERTIFICATE, None),
        Repository { project: Some("shop".into()), ..template.clone() },
        template,
        Repository { options: oci, ..shop() },
        Repository { options: Options { depth: Some(0), ..Options::default() }, ..shop() },
        account("hunter2"),
        account(r#"{"type": "authorized_user", "client_email": "a@shop.example", "private_key": "hunter2"}"#),
        account(""),
        credentials(principal(" ")),
        credentials(Credentials {
            azure_service_principal: Some(AzureServicePrincipal::default()),
            ..Credentials::default()
        }),
        Repository {
            url: "https://charts.example.com".into(),
            kind: RepositoryType::Helm,
            ..account(ACCOUNT)
        },
        Repository {
            url: "oci://registry.example.com/shop".into(),
            kind: RepositoryType::Oci,
            ..credentials(Credentials { azure_workload_identity: true, ..Credentials::default() })
        },
    ];
    let said = all.iter().map(|repository| {
        let wrong = repository.data().err().unwrap_or_default().into_iter();
        wrong
            .map(|(at, error)| format!("{at}: {error}. {}\n", error.hint().unwrap_or_default()))
            .collect::<String>()
    });
    let said = said.collect::<Vec<_>>().join("\n");
    assert!(!said.contains("hunter2"), "{said}");
    insta::assert_snapshot!(said, @r#"
    url: this is not the address of a Git repository. It looks like `https://git.example.com/acme/shop.git` or `git@git.example.com:acme/shop.git`.

    url: this is not the address of a Git repository. It looks like `https://git.example.com/acme/shop.git` or `git@git.example.com:acme/shop.git`.

    url: this is not the address of a Helm repository. It looks like `https://charts.example.com`, and with `enable_oci = true` like `registry.example.com/charts`.

    url: this is not the address of an OCI artifact. It looks like `oci://registry.example.com/shop/manifests`.

    url: the address of the repository has credentials in it. Everyone who may see it would see them. Give them in `username` and `password_wo`.

    username: `password_wo` needs `username`. With a token as the password any user name will do, such as `git`.

    password_wo: `username` needs `password_wo`. Give both.

    ssh_private_key_wo: a repository is opened in one way, and this one has `password_wo` and `ssh_private_key_wo`. Keep one of them.
    ssh_private_key_wo: `ssh_private_key_wo` is for an address of SSH, and this one is not. Give an address such as `git@git.example.com:acme/shop.git`, or `username` and `password_wo`.
    password_wo: `password_wo` is empty. Is the variable that holds the value set in this environment?

    password_wo: `password_wo` is for an address of HTTPS, and this one is not. Give an address such as `https://git.example.com/acme/shop.git`, or `ssh_private_key_wo`.

    ssh_private_key_wo: `ssh_private_key_wo` is not a private key in PEM. Give the text of the file, with its first and last line: `file("…")`.

    ssh_private_key_wo: the key in `ssh_private_key_wo` has a passphrase. Argo CD has nobody to ask. Give a key without one, such as a deploy key of its own.

    github_app.private_key_wo: `github_app` needs `github_app.private_key_wo`. Give both.

    tls_client.certificate: `tls_client.certificate` is not a certificate in PEM. Give the text of the file, with its first and last line: `file("…")`.

    tls_client.key_wo: `tls_client.certificate` needs `tls_client.key_wo`. Give both.

    project: what is for all addresses that begin alike belongs to no project. Leave `project` out, or give the repository itself with `secret_type = "repository"`.
    secret_type: what is for all addresses that begin alike has to open them, and this does not. Give `password_wo`, `bearer_token_wo`, `ssh_private_key_wo`, `github_app`, `gcp_service_account_key_wo`, `azure_service_principal`, `use_azure_workload_identity` or `tls_client`.

    secret_type: what is for all addresses that begin alike has to open them, and this does not. Give `password_wo`, `bearer_token_wo`, `ssh_private_key_wo`, `github_app`, `gcp_service_account_key_wo`, `azure_service_principal`, `use_azure_workload_identity` or `tls_client`.

    enable_oci: `enable_oci` is for charts of Helm, and this is of the type `git`. Set `type = "helm"`, or leave it out: with `type = "oci"` the address begins with `oci://`.

    depth: a depth of 0 is none. Give the number of commits to fetch, such as 1, for a Git repository; leave it out to fetch all.

    gcp_service_account_key_wo: `gcp_service_account_key_wo` is not the key of a service account in JSON. Give the text of the file that Google Cloud made for the key, with `type`, `client_email` and `private_key` in it: `file("…")`.

    gcp_service_account_key_wo: `gcp_service_account_key_wo` is not the key of a service account in JSON. Give the text of the file that Google Cloud made for the key, with `type`, `client_email` and `private_key` in it: `file("…")`.

    gcp_service_account_key_wo: `gcp_service_account_key_wo` is empty. Is the variable that holds the value set in this environment?

    azure_service_principal.client_secret_wo: `azure_service_principal.client_secret_wo` is empty. Is the variable that holds the value set in this environment?

    azure_service_principal.tenant_id: `azure_service_principal.tenant_id` is empty. Is the variable that holds the value set in this environment?
    azure_service_principal.client_id: `azure_service_principal.client_id` is empty. Is the variable that holds the value set in this environment?
    azure_service_principal.client_secret_wo: `azure_service_principal` needs `azure_service_principal.client_secret_wo`. Give both.

    gcp_service_account_key_wo: Argo CD does not use `gcp_service_account_key_wo` for a Helm repository. A Helm repository is opened by `username` and `password_wo`, `use_azure_workload_identity` or `tls_client`.

    use_azure_workload_identity: Argo CD does not use `use_azure_workload_identity` for an OCI artifact. An OCI registry is opened by `username` and `password_wo`, or `tls_client`.
    "#);
}
