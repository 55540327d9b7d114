import {
  to       = gitops_secret_injection.app
  identity = { namespace = "shop", name = "app-secrets" }
}
