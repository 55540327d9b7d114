import {
  # As for the resource itself, OpenTofu has to be told the provider.
  provider = gitops
  to       = argocd_root_app.platform
  identity = { namespace = "argocd", name = "platform" }
}
