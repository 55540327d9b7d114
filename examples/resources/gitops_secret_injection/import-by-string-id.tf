import {
  to = gitops_secret_injection.app
  id = "shop/app-secrets"
}
