terraform import gitops_project.shop argocd/shop
