import {
  to       = gitops_sealing_key.sealed_secrets
  identity = { namespace = "sealed-secrets" }
}
