import {
  to = gitops_sync.shop_prod
  id = "argocd/shop-prod"
}
