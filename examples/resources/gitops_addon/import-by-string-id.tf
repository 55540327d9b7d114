import {
  to = gitops_addon.sealed_secrets
  id = "sealed-secrets/sealed-secrets"
}
