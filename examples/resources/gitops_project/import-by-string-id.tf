import {
  to = gitops_project.shop
  id = "argocd/shop"
}
