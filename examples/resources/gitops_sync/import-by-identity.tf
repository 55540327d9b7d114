import {
  to       = gitops_sync.shop_prod
  identity = { namespace = "argocd", application = "shop-prod" }
}
