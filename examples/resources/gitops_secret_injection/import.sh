terraform import gitops_secret_injection.app shop/app-secrets
