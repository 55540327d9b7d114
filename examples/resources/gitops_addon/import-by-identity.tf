import {
  to       = gitops_addon.sealed_secrets
  identity = { kind = "sealed-secrets", namespace = "sealed-secrets" }
}
