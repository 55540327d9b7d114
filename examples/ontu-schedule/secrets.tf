# The key that opens what is sealed is in the cluster before the controller, which makes one of its own where there is none. A
# cluster that is made again gets it from the backup: without it nothing opens what Git has.
resource "gitops_sealing_key" "this" {
  kubernetes    = local.kubernetes
  namespace     = "sealed-secrets"
  rotation      = 1
  restore       = var.key_backup == null ? null : { path = var.key_backup }
  identities_wo = var.key_identity == null ? null : [var.key_identity]

  backup = {
    recipients = var.key_recipients
    path       = "backup/sealing-keys.yaml"
  }
}

# Sealed with the certificate alone, each for its own namespace: the ciphertext of one environment is none in another.
resource "gitops_sealed_secret" "password" {
  for_each = local.environments

  path          = "apps/${local.app}/values-${each.key}.yaml"
  value_path    = "secrets.data"
  namespace     = "ontu-schedule-${each.key}"
  name          = local.app
  certificate   = gitops_sealing_key.this.certificate
  required_keys = ["PASSWORD"]
  data_wo       = { PASSWORD = var.passwords[each.key] }
}
