# The key that opens what is sealed is in the cluster before the controller, which makes one of its own where there is none.

resource "gitops_secret_injection" "sealing_key" {
  kubernetes       = local.kubernetes
  namespace        = "sealed-secrets"
  name             = "sealed-secrets-key-first"
  create_namespace = true
  type             = "kubernetes.io/tls"
  labels           = { "sealedsecrets.bitnami.com/sealed-secrets-key" = "active" }
  required_keys    = ["tls.crt", "tls.key"]
  data_wo          = { "tls.crt" = var.sealing_certificate, "tls.key" = var.sealing_key }
}

# Sealed with the certificate alone, each for its own namespace: the ciphertext of one environment is none in another.
resource "gitops_sealed_secret" "password" {
  for_each = local.environments

  path          = "apps/${local.app}/values-${each.key}.yaml"
  value_path    = "secrets.data"
  namespace     = "ontu-schedule-${each.key}"
  name          = local.app
  certificate   = var.sealing_certificate
  required_keys = ["PASSWORD"]
  data_wo       = { PASSWORD = var.passwords[each.key] }
}
