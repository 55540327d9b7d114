variable "stripe_key" {
  description = "Read from the environment or a vault; it is never stored."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "gitops_secret_injection" "app" {
  kubernetes       = gitops_cluster.dev.kubernetes
  namespace        = "shop"
  name             = "app-secrets"
  create_namespace = true

  # A missing or empty one fails the plan, before anything is written.
  required_keys = ["STRIPE_KEY"]
  data_wo       = { STRIPE_KEY = var.stripe_key }
}
