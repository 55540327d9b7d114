# The tenants. A change of `var.tenants` is all that creates, upgrades, suspends and deletes them.

module "fleet" {
  source = "../../modules/tenant-fleet"

  kubernetes       = local.kubernetes
  git              = { url = var.repository_url, branch = "main" }
  project          = local.project
  product_versions = var.product_versions
  tenants          = var.tenants
  wait             = var.wait
}

# Git and Argo CD side by side, with the tenants that others wrote.
data "gitops_tenants" "all" {
  kubernetes = local.kubernetes
  git        = { url = var.repository_url, branch = "main" }

  depends_on = [module.fleet]
}
