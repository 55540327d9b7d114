import {
  to = gitops_root_app.platform
  id = "argocd/platform"
}
