import {
  to       = gitops_project.shop
  identity = { namespace = "argocd", name = "shop" }
}
