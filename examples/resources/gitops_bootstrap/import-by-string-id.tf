import {
  to = gitops_bootstrap.argocd
  id = "argocd"
}
