variable "approved_revision" {
  description = "The commit that production is to run."
  type        = string
}

# Who raises the variable approves; until then production stays at what was approved last.
resource "gitops_sync" "shop_prod" {
  kubernetes  = gitops_cluster.dev.kubernetes
  namespace   = gitops_application.shop_prod.namespace
  application = gitops_application.shop_prod.name
  revision    = var.approved_revision
}
