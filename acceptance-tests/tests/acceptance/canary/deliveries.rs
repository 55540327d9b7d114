//! Every way that a secret takes to where it belongs. One more is one more block here, and a word in [`DELIVERIES`].
//!
//! A secret is `var.secrets["LABEL.WORD"]`, where LABEL is that of the resource that delivers it: it is made up for the test,
//! and how it ends says what it must be (see [`super::secrets`]). Where the resource makes a Secret in the cluster, it may
//! be there, and nowhere else.

/// All of them.
pub const DELIVERIES: &[&str] = &[
    INJECTED,
    REGISTRY,
    PASSWORD,
    BEARER,
    SSH,
    APP,
    CLIENT,
    SEALED,
    SEALED_IN_VALUES,
    SEALED_VALUE,
    SOPS_YAML,
    SOPS_JSON,
    SOPS_DOTENV,
    SOPS_OPENED,
];

/// The provider, which has credentials of three kinds, and what the blocks are told.
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
      (var.public.repository) = { username = "git", password = var.secrets["provider.password"] }
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

const CLIENT: &str = r#"
resource "gitops_repository_credentials" "client" {
  namespace  = var.public.namespace
  url        = "https://git.example.com/acme/client.git"
  tls_client = { certificate = var.public.certificate, key_wo = var.secrets["client.rsa_key"] }
}
"#;

const SEALED: &str = r#"
resource "gitops_sealed_secret" "sealed" {
  namespace   = var.public.namespace
  name        = "sealed"
  path        = "sealed.yaml"
  certificate = var.public.certificate
  data_wo     = { TEXT = var.secrets["sealed.text"] }
}
"#;

const SEALED_IN_VALUES: &str = r#"
resource "gitops_sealed_secret" "in_values" {
  namespace      = var.public.namespace
  name           = "in-values"
  path           = "charts/shop/values.yaml"
  value_path     = "secrets.data"
  certificate    = var.public.certificate
  binary_data_wo = { TEXT = base64encode(var.secrets["in_values.binary"]) }
}
"#;

const SEALED_VALUE: &str = r#"
resource "gitops_sealed_value" "value" {
  namespace   = var.public.namespace
  name        = "value"
  certificate = var.public.certificate
  value_wo    = var.secrets["value.text"]
}

output "sealed" {
  value = gitops_sealed_value.value.encrypted
}
"#;

const SOPS_YAML: &str = r#"
resource "gitops_sops_file" "yaml" {
  path          = "secrets/it.yaml"
  age           = [var.public.recipient]
  data_wo       = { TEXT = var.secrets["yaml.text"] }
  identities_wo = [var.secrets["provider.age_identity"]]
}
"#;

const SOPS_JSON: &str = r#"
resource "gitops_sops_file" "json" {
  path       = "secrets/it.json"
  age        = [var.public.recipient]
  content_wo = jsonencode({ deep = [{ TEXT = var.secrets["json.text"] }] })
}
"#;

const SOPS_DOTENV: &str = r#"
resource "gitops_sops_file" "dotenv" {
  path    = "secrets/it.env"
  age     = [var.public.recipient]
  data_wo = { TEXT = var.secrets["dotenv.text"] }
}
"#;

/// It is opened later by [`OPENED`].
const SOPS_OPENED: &str = r#"
resource "gitops_sops_file" "opened" {
  path    = "secrets/opened.yaml"
  age     = [var.public.recipient]
  data_wo = { TEXT = var.secrets["opened.text"] }
}
"#;

/// What nobody told the provider: what an encrypted file says, what it makes up itself, and what the cluster answers. A copy
/// of the file is `opened.yaml`.
pub const OPENED: &str = r#"
ephemeral "gitops_sops_file" "opened" {
  path          = "${path.root}/opened.yaml"
  identities    = [var.secrets["provider.age_identity"]]
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
