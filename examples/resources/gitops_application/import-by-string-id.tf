import {
  to = gitops_application.shop_prod
  id = "argocd/shop-prod"
}
