//! What is refused: values and credentials that cannot be used, and places that are somebody else's. Each holds a secret.

/// What the plan refuses: values, and credentials that cannot be used.
pub const REFUSED_BY_THE_PLAN: &str = r#"
resource "gitops_secret_injection" "key_name" {
  namespace = var.public.namespace
  name      = "key-name"
  data_wo   = { (var.public.no_key) = var.secrets["key_name.it"] }
}

resource "gitops_secret_injection" "no_base64" {
  namespace      = var.public.namespace
  name           = "no-base64"
  binary_data_wo = { IT = var.secrets["no_base64.it"] }
}

resource "gitops_secret_injection" "missing" {
  namespace     = var.public.namespace
  name          = "missing"
  required_keys = [var.public.other]
  data_wo       = { IT = var.secrets["missing.it"] }
}

resource "gitops_secret_injection" "no_docker_config" {
  namespace = var.public.namespace
  name      = "no-docker-config"
  type      = "kubernetes.io/dockerconfigjson"
  data_wo   = { ".dockerconfigjson" = var.secrets["no_docker_config.it"] }
}

resource "gitops_repository_credentials" "no_ssh" {
  namespace          = var.public.namespace
  url                = "https://git.example.com/acme/no-ssh.git"
  ssh_private_key_wo = var.secrets["no_ssh.it"]
}

resource "gitops_repository_credentials" "two_ways" {
  namespace       = var.public.namespace
  url             = "https://git.example.com/acme/two-ways.git"
  username        = "robot"
  password_wo     = var.secrets["two_ways.it"]
  bearer_token_wo = var.secrets["two_ways.token"]
}

resource "gitops_repository_credentials" "no_account" {
  namespace                  = var.public.namespace
  url                        = "https://git.example.com/acme/no-account.git"
  gcp_service_account_key_wo = var.secrets["no_account.it"]
}

resource "gitops_repository_credentials" "two_accounts" {
  namespace                  = var.public.namespace
  url                        = "https://git.example.com/acme/two-accounts.git"
  gcp_service_account_key_wo = jsonencode({ type = "user", private_key = var.secrets["two_accounts.rsa_key"] })
  azure_service_principal    = { tenant_id = "a", client_id = "b", client_secret_wo = var.secrets["two_accounts.it"] }
}

resource "gitops_env_file" "variable_name" {
  path    = "${path.root}/refused/name.env"
  data_wo = { (var.public.no_key) = var.secrets["variable_name.it"] }
}

resource "gitops_env_file" "variable_value" {
  path    = "${path.root}/refused/value.env"
  data_wo = { IT = "${var.secrets["variable_value.it"]}\r" }
}

resource "gitops_env_file" "variable_missing" {
  path          = "${path.root}/refused/missing.env"
  required_keys = [var.public.other]
  data_wo       = { IT = var.secrets["variable_missing.it"] }
}

resource "gitops_tenant" "tenant_key" {
  tenant_id  = "tenant-key"
  chart      = { path = "charts/tenant" }
  secrets_wo = { (var.public.no_key) = var.secrets["tenant_key.it"] }
  wait       = false
}

resource "gitops_sealed_secret" "no_certificate" {
  namespace   = var.public.namespace
  name        = "no-certificate"
  path        = "no-certificate.yaml"
  certificate = var.public.no_certificate
  data_wo     = { IT = var.secrets["no_certificate.it"] }
}

resource "gitops_sealed_value" "no_certificate_either" {
  namespace   = var.public.namespace
  name        = "no-certificate"
  certificate = var.public.no_key
  value_wo    = var.secrets["no_certificate_either.it"]
}

resource "gitops_sops_file" "no_yaml" {
  path       = "secrets/no-yaml.yaml"
  age        = [var.public.recipient]
  content_wo = "a: [${var.secrets["no_yaml.it"]}\nb: *x"
}

resource "gitops_sops_file" "no_json" {
  path       = "secrets/no-json.json"
  age        = [var.public.recipient]
  content_wo = "{\"a\": ${var.secrets["no_json.it"]}}"
}

resource "gitops_sops_file" "no_dotenv" {
  path       = "secrets/no-dotenv.env"
  age        = [var.public.recipient]
  content_wo = var.secrets["no_dotenv.it"]
}

ephemeral "gitops_sops_file" "unopened" {
  content    = "a: 1\nsops: {}\n"
  identities = [var.secrets["unopened.it"]]
}

resource "gitops_secret_injection" "unopened" {
  namespace = var.public.namespace
  name      = "unopened"
  data_wo   = ephemeral.gitops_sops_file.unopened.data
}
"#;

/// What the cluster and the repository refuse, of a provider that they know.
pub const REFUSED_BY_OTHERS: &str = r#"
resource "gitops_secret_injection" "no_namespace" {
  namespace = "${var.public.namespace}-none"
  name      = "it"
  data_wo   = { IT = var.secrets["no_namespace.it"] }
}

resource "gitops_secret_injection" "of_others" {
  namespace = var.public.namespace
  name      = "of-others"
  data_wo   = { IT = var.secrets["of_others.it"] }
}

resource "gitops_sealed_secret" "of_others_in_git" {
  namespace   = var.public.namespace
  name        = "of-others"
  path        = "README.md"
  certificate = var.public.certificate
  data_wo     = { IT = var.secrets["of_others_in_git.it"] }
}

resource "gitops_sealed_secret" "no_controller" {
  namespace  = var.public.namespace
  name       = "no-controller"
  path       = "no-controller.yaml"
  controller = { namespace = var.public.namespace, name = "none" }
  data_wo    = { IT = var.secrets["no_controller.it"] }
}

resource "gitops_sops_file" "readable" {
  path             = "secrets/readable.yaml"
  age              = [var.public.recipient]
  encrypted_suffix = "_secret"
  data_wo          = { IT = var.secrets["readable.it"] }
}

resource "gitops_sops_file" "no_identity" {
  path          = "secrets/no-identity.yaml"
  age           = [var.public.recipient]
  data_wo       = { IT = var.secrets["no_identity.text"] }
  identities_wo = [var.secrets["no_identity.it"]]
}

resource "gitops_sops_file" "no_rules" {
  path    = "secrets/no-rules.yaml"
  data_wo = { IT = var.secrets["no_rules.it"] }
}

resource "gitops_env_file" "of_others_here" {
  path    = "${path.root}/terraform.tf"
  data_wo = { IT = var.secrets["of_others_here.it"] }
}

resource "gitops_env_file" "in_the_way" {
  path    = "${path.root}/.terraform"
  data_wo = { IT = var.secrets["in_the_way.it"] }
}

resource "gitops_env_file" "nowhere" {
  path    = "${path.root}/nowhere/it.env"
  data_wo = { IT = var.secrets["nowhere.it"] }
}

resource "gitops_tenant" "of_others_inside" {
  tenant_id       = "of-others-inside"
  chart           = { path = "charts/tenant" }
  namespace       = var.public.namespace
  namespace_owner = "terraform"
  secrets_wo      = { IT = var.secrets["of_others_inside.it"] }
  secrets         = { name = "of-others", age = [var.public.recipient] }
  wait            = false
}

resource "gitops_tenant" "no_recipient" {
  tenant_id  = "no-recipient"
  chart      = { path = "charts/tenant" }
  secrets_wo = { IT = var.secrets["no_recipient.it"] }
  secrets    = { inject = false }
  wait       = false
}
"#;
