# The versions of products, and the tenants that run them. A tenant names its version through the resource, so that a
# version is in Git before its first tenant and outlives its last.

terraform {
  required_version = ">= 1.11"

  required_providers {
    gitops = {
      source = "registry.terraform.io/gitops-rs/gitops"
    }
  }
}

resource "gitops_product_version" "this" {
  for_each = var.product_versions

  git            = var.git
  product        = split("/", each.key)[0]
  version        = split("/", each.key)[1]
  chart          = each.value.chart
  default_values = try(each.value.default_values, null)
}

resource "gitops_tenant" "this" {
  for_each = var.tenants

  kubernetes      = var.kubernetes
  git             = var.git
  source_repo_url = var.source_repo_url
  project         = var.project
  tier_projects   = var.tier_projects
  tenant_id       = each.key
  product_version = gitops_product_version.this[each.value.version].id
  tier            = try(each.value.tier, null)
  state           = try(each.value.state, null)
  drift           = try(each.value.drift, null)
  on_delete       = try(each.value.on_delete, null)
  namespace       = try(each.value.namespace, null)
  values          = try(each.value.values, null)
  wait            = var.wait
}
