import {
  to       = gitops_application.shop_prod
  identity = { namespace = "argocd", name = "shop-prod" }
}
