import {
  to       = gitops_root_app.platform
  identity = { namespace = "argocd", name = "platform" }
}
