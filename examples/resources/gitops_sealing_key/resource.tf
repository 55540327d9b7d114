variable "key_recipients" {
  description = "Who can open the backup of the sealing keys: recipients of age."
  type        = set(string)
}

variable "key_backup" {
  description = "A backup to restore into a cluster that was made again."
  type        = string
  default     = null
}

# The keys, before the controller starts. Raise `rotation` for a new one.
resource "gitops_sealing_key" "sealed_secrets" {
  kubernetes = gitops_cluster.dev.kubernetes
  namespace  = "sealed-secrets"
  rotation   = 1
  restore    = var.key_backup == null ? null : { path = var.key_backup }

  backup = {
    recipients = var.key_recipients
    path       = "backup/sealing-keys.yaml"
  }
}

# What is sealed for the newest of them, without asking the controller.
output "sealing_certificate" {
  value = gitops_sealing_key.sealed_secrets.certificate
}
