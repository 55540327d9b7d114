import {
  to = gitops_sealing_key.sealed_secrets
  id = "sealed-secrets"
}
