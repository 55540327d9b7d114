data "gitops_application" "shop" {
  kubernetes = gitops_cluster.dev.kubernetes
  name       = "shop"
}

check "shop_is_healthy" {
  assert {
    condition     = data.gitops_application.shop.health_status == "Healthy"
    error_message = join("\n", data.gitops_application.shop.problems)
  }
}
