import {
  to = gitops_repository_credentials.shop
  id = "argocd/https://git.example.com/acme/shop.git"
}
