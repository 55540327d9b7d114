import {
  to = argocd_root_app.platform
  id = "argocd/platform"
}
