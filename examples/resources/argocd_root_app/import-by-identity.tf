import {
  to       = argocd_root_app.platform
  identity = { namespace = "argocd", name = "platform" }
}
