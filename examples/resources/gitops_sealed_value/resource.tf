variable "api_token" {
  description = "Read from the environment or a vault; it is never stored."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "gitops_sealed_value" "token" {
  kubernetes = gitops_cluster.dev.kubernetes
  namespace  = "shop"
  name       = "api"

  # Raise the number with each new value, or set GITOPS_FINGERPRINT_KEY.
  value_wo          = var.api_token
  value_wo_revision = 1
}

output "sealed_token" {
  description = "For `spec.encryptedData` of a SealedSecret `api` in the namespace `shop`."
  value       = gitops_sealed_value.token.encrypted
}
