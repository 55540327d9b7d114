terraform import gitops_bootstrap.argocd argocd
