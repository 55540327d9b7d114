terraform import argocd_root_app.platform argocd/platform
