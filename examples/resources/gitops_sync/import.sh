terraform import gitops_sync.shop_prod argocd/shop-prod
