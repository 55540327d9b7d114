terraform import gitops_repository_credentials.shop argocd/https://git.example.com/acme/shop.git
