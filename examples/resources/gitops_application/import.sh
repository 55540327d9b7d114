terraform import gitops_application.shop_prod argocd/shop-prod
