import {
  to       = gitops_repository_credentials.shop
  identity = { namespace = "argocd", url = "https://git.example.com/acme/shop.git" }
}
