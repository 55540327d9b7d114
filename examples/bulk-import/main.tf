# Tenants that were made by hand become ours, all at once: each is imported with the id that the repository gives it, and
# defined as its files define it. The plan changes nothing, and the files stay as they are: the first change of a tenant
# writes its files as a tenant's.
#
# Afterwards Git is still what defines them here. To define them in Terraform, keep the output `definitions` as a file and
# read that: `tenants = jsondecode(file("tenants.json"))`.

terraform {
  required_version = ">= 1.11"

  required_providers {
    gitops = {
      source = "registry.terraform.io/gitops-rs/gitops"
    }
  }
}

variable "repository_url" {
  description = "URL of the repository that has the tenants."
  type        = string
}

variable "git_username" {
  description = "User that may push to the repository."
  type        = string
}

variable "git_password" {
  description = "Password of that user. It is never stored."
  type        = string
  ephemeral   = true
  sensitive   = true
}

variable "wait" {
  description = "Whether an apply waits until Argo CD runs the tenants as Git has them."
  type        = bool
  default     = true
}

provider "gitops" {
  git = {
    url         = var.repository_url
    branch      = "main"
    credentials = { (var.repository_url) = { username = var.git_username, password = var.git_password } }
  }
}

data "gitops_tenants" "all" {}

locals {
  tenants = data.gitops_tenants.all.definitions
}

import {
  for_each = { for id, tenant in data.gitops_tenants.all.tenants : id => tenant if contains(keys(local.tenants), id) && !tenant.managed }
  to       = gitops_tenant.this[each.key]
  id       = each.value.import_id
}

resource "gitops_tenant" "this" {
  for_each = local.tenants

  tenant_id       = each.key
  product_version = try(each.value.product_version, null)
  chart           = try(each.value.chart, null)
  values          = try(each.value.values, null)
  tier            = try(each.value.tier, null)
  state           = try(each.value.state, null)
  drift           = try(each.value.drift, null)
  namespace       = try(each.value.namespace, null)
  namespace_owner = try(each.value.namespace_owner, null)
  on_delete       = try(each.value.on_delete, null)
  project         = data.gitops_tenants.all.tenants[each.key].project
  source_repo_url = data.gitops_tenants.all.tenants[each.key].source_repo_url
  wait            = var.wait
}

output "definitions" {
  description = "The tenants, as `tenants` of a `gitops_tenant_fleet` takes them."
  value       = local.tenants
}
