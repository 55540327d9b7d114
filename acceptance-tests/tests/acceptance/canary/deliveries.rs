//! Every way that a secret takes to where it belongs. One more is one more block here, and a word in [`DELIVERIES`].
//!
//! A secret is `var.secrets["LABEL.WORD"]`, where LABEL is that of the resource that delivers it: it is made up for the test,
//! and how it ends says what it must be (see [`super::secrets`]). Where the resource makes a Secret in the cluster, it may
//! be there, and nowhere else.

use super::in_git;

/// All of them, but for [`in_git::OVER_SSH`], which needs a server that not every machine has.
pub const DELIVERIES: &[&str] = &[
    INJECTED,
    REGISTRY,
    PASSWORD,
    BEARER,
    SSH,
    APP,
    GOOGLE,
    AZURE,
    CLIENT,
    FILE,
    in_git::SEALED,
    in_git::SEALED_IN_VALUES,
    in_git::SEALED_VALUE,
    in_git::SOPS_YAML,
    in_git::SOPS_JSON,
    in_git::SOPS_DOTENV,
    in_git::SOPS_OPENED,
    in_git::OVER_HTTP,
    in_git::TENANT,
    in_git::BACKUP,
];

/// The provider, which has credentials of every kind that a server takes here, and what the blocks are told.
pub const PROVIDER: &str = r#"
variable "secrets" {
  type      = map(string)
  ephemeral = true
}

variable "public" {
  type = map(string)
}

provider "gitops" {
  kubernetes = { config_raw = var.secrets["provider.kubeconfig"] }

  git = {
    url     = var.public.repository
    signing = { ssh_private_key = var.secrets["provider.signing_ssh_key"] }
    credentials = {
      (var.public.repository)       = { username = "git", password = var.secrets["provider.password"] }
      (var.public.token_repository) = { token = var.secrets["provider.git_token"] }
      (var.public.ssh_repository) = {
        ssh_private_key = var.secrets["provider.guest_ssh_key"]
        known_hosts     = var.public.known_hosts
      }
    }
  }
}
"#;

const INJECTED: &str = r#"
resource "gitops_secret_injection" "injected" {
  namespace = var.public.namespace
  name      = "injected"
  data_wo = {
    TEXT = var.secrets["injected.text"]
    JSON = jsonencode({ password = var.secrets["injected.json"] })
  }
  binary_data_wo = { BINARY = base64encode(var.secrets["injected.binary"]) }
}
"#;

const REGISTRY: &str = r#"
resource "gitops_secret_injection" "registry" {
  namespace = var.public.namespace
  name      = "registry"
  type      = "kubernetes.io/dockerconfigjson"
  data_wo = {
    ".dockerconfigjson" = jsonencode({ auths = { "registry.example" = {
      auth = base64encode("robot:${var.secrets["registry.password"]}")
    } } })
  }
}
"#;

const PASSWORD: &str = r#"
resource "gitops_repository_credentials" "password" {
  namespace   = var.public.namespace
  url         = "https://git.example.com/acme/password.git"
  username    = "robot"
  password_wo = var.secrets["password.it"]
}
"#;

const BEARER: &str = r#"
resource "gitops_repository_credentials" "bearer" {
  namespace       = var.public.namespace
  url             = "https://git.example.com/acme/bearer.git"
  bearer_token_wo = var.secrets["bearer.token"]
}
"#;

const SSH: &str = r#"
resource "gitops_repository_credentials" "ssh" {
  namespace          = var.public.namespace
  url                = "git@git.example.com:acme/ssh.git"
  ssh_private_key_wo = var.secrets["ssh.ssh_key"]
}
"#;

const APP: &str = r#"
resource "gitops_repository_credentials" "app" {
  namespace  = var.public.namespace
  url        = "https://git.example.com/acme/app.git"
  github_app = { id = 1, installation_id = 2, private_key_wo = var.secrets["app.rsa_key"] }
}
"#;

const GOOGLE: &str = r#"
resource "gitops_repository_credentials" "google" {
  namespace = var.public.namespace
  url       = "https://source.developers.google.com/p/acme/r/google"
  gcp_service_account_key_wo = jsonencode({
    type = "service_account", client_email = "argocd@acme.example", private_key = var.secrets["google.rsa_key"]
  })
}
"#;

const AZURE: &str = r#"
resource "gitops_repository_credentials" "azure" {
  namespace = var.public.namespace
  url       = "https://dev.azure.com/acme/platform/_git/azure"
  azure_service_principal = {
    tenant_id = "acme", client_id = "argocd", client_secret_wo = var.secrets["azure.it"]
  }
}
"#;

const CLIENT: &str = r#"
resource "gitops_repository_credentials" "client" {
  namespace  = var.public.namespace
  url        = "https://git.example.com/acme/client.git"
  tls_client = { certificate = var.public.certificate, key_wo = var.secrets["client.rsa_key"] }
}
"#;

/// The one that is on this machine as it is: in this file, until it is destroyed, and in no other.
const FILE: &str = r#"
resource "gitops_env_file" "file" {
  path    = "${path.root}/canary.env"
  data_wo = { TEXT = var.secrets["file.text"] }
}
"#;

/// What nobody told the provider: what an encrypted file says, what it makes up itself, and what the cluster answers. A copy
/// of the file is `opened.yaml`.
pub const OPENED: &str = r#"
ephemeral "gitops_sops_file" "opened" {
  path       = "${path.root}/opened.yaml"
  identities = [var.secrets["provider.age_identity"]]
}

resource "gitops_secret_injection" "opened" {
  namespace = var.public.namespace
  name      = "opened"
  data_wo   = ephemeral.gitops_sops_file.opened.data
}

ephemeral "gitops_random_secret" "random" {
  from   = { namespace = var.public.namespace, name = "random", key = "TEXT" }
  length = 40
}

resource "gitops_secret_injection" "random" {
  namespace = var.public.namespace
  name      = "random"
  data_wo   = { TEXT = ephemeral.gitops_random_secret.random.value }
}

ephemeral "gitops_token" "account" {
  namespace       = var.public.namespace
  service_account = "default"
}

resource "gitops_secret_injection" "account" {
  namespace        = var.public.namespace
  name             = "account"
  data_wo          = { TEXT = ephemeral.gitops_token.account.token }
  data_wo_revision = 1
}
"#;
