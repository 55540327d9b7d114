terraform import gitops_root_app.platform argocd/platform
