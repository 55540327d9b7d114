import {
  to       = gitops_bootstrap.argocd
  identity = { namespace = "argocd" }
}
