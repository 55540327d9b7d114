//! What goes to Git as ciphertext: sealed for a controller, encrypted for recipients, or the backup of what unseals.

/// In a file of its own.
pub const SEALED: &str = r#"
resource "gitops_sealed_secret" "sealed" {
  namespace   = var.public.namespace
  name        = "sealed"
  path        = "sealed.yaml"
  certificate = var.public.certificate
  data_wo     = { TEXT = var.secrets["sealed.text"] }
}
"#;

/// In a chart's file of values.
pub const SEALED_IN_VALUES: &str = r#"
resource "gitops_sealed_secret" "in_values" {
  namespace      = var.public.namespace
  name           = "in-values"
  path           = "charts/shop/values.yaml"
  value_path     = "secrets.data"
  certificate    = var.public.certificate
  binary_data_wo = { TEXT = base64encode(var.secrets["in_values.binary"]) }
}
"#;

/// Alone, as the output of a resource.
pub const SEALED_VALUE: &str = r#"
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

/// By name, beside an identity that opens it.
pub const SOPS_YAML: &str = r#"
resource "gitops_sops_file" "yaml" {
  path          = "secrets/it.yaml"
  age           = [var.public.recipient]
  data_wo       = { TEXT = var.secrets["yaml.text"] }
  identities_wo = [var.secrets["provider.age_identity"]]
}
"#;

/// As a document, below other names.
pub const SOPS_JSON: &str = r#"
resource "gitops_sops_file" "json" {
  path       = "secrets/it.json"
  age        = [var.public.recipient]
  content_wo = jsonencode({ deep = [{ TEXT = var.secrets["json.text"] }] })
}
"#;

/// As lines of names and values.
pub const SOPS_DOTENV: &str = r#"
resource "gitops_sops_file" "dotenv" {
  path    = "secrets/it.env"
  age     = [var.public.recipient]
  data_wo = { TEXT = var.secrets["dotenv.text"] }
}
"#;

/// It is opened later by [`super::deliveries::OPENED`].
pub const SOPS_OPENED: &str = r#"
resource "gitops_sops_file" "opened" {
  path    = "secrets/opened.yaml"
  age     = [var.public.recipient]
  data_wo = { TEXT = var.secrets["opened.text"] }
}
"#;

/// To a repository that asks for a token.
pub const OVER_HTTP: &str = r#"
resource "gitops_sops_file" "by_token" {
  git     = { url = var.public.token_repository }
  path    = "secrets/it.yaml"
  age     = [var.public.recipient]
  data_wo = { TEXT = var.secrets["by_token.text"] }
}
"#;

/// To one that asks for a key.
pub const OVER_SSH: &str = r#"
resource "gitops_sops_file" "by_key" {
  git     = { url = var.public.ssh_repository }
  path    = "secrets/it.yaml"
  age     = [var.public.recipient]
  data_wo = { TEXT = var.secrets["by_key.text"] }
}
"#;

/// Beside the values of a tenant, and in its namespace.
pub const TENANT: &str = r#"
resource "gitops_tenant" "tenant" {
  tenant_id       = "canary"
  chart           = { path = "charts/tenant" }
  namespace       = var.public.namespace
  namespace_owner = "terraform"
  secrets_wo      = { TEXT = var.secrets["tenant.text"] }
  secrets         = { age = [var.public.recipient] }
  wait            = false
}
"#;

/// The private key that opens what is sealed, which nobody told the provider: `sealing.key` in the search.
pub const BACKUP: &str = r#"
resource "gitops_sealing_key" "sealing" {
  namespace     = var.public.namespace
  rotation      = 1
  identities_wo = [var.secrets["provider.age_identity"]]

  backup = {
    recipients      = [var.public.recipient]
    path            = "${path.root}/backup/keys.yaml"
    repository_path = "backup/keys.yaml"
  }
}
"#;
