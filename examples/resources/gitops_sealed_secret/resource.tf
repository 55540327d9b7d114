variable "database_password" {
  description = "Read from the environment or a vault; it is never stored."
  type        = string
  ephemeral   = true
  sensitive   = true
}

variable "sealing_certificate" {
  description = "What `kubeseal --fetch-cert` prints, such as `file(\"pub-cert.pem\")`."
  type        = string
}

# A SealedSecret in a file of its own.
resource "gitops_sealed_secret" "database" {
  git         = { url = "https://git.example.com/acme/platform.git", branch = "main" }
  path        = "apps/shop/database.yaml"
  namespace   = "shop"
  name        = "database"
  certificate = var.sealing_certificate

  # A missing or empty one fails the plan, before anything is written.
  required_keys = ["PASSWORD"]
  data_wo       = { PASSWORD = var.database_password }
}

# Bare values in those of a Helm chart, for the controller in the cluster.
resource "gitops_sealed_secret" "chart" {
  git        = { url = "https://git.example.com/acme/platform.git", branch = "main" }
  path       = "charts/shop/values-prod.yaml"
  value_path = "secrets.data"
  namespace  = "shop-prod"
  name       = "shop"
  kubernetes = gitops_cluster.dev.kubernetes
  controller = { namespace = "sealed-secrets", name = "sealed-secrets-controller" }
  data_wo    = { PASSWORD = var.database_password }
}
