output "product_versions" {
  description = "The versions: by `product/version` the file that has it, and the commit."
  value       = { for name, version in gitops_product_version.this : name => { git_path = version.git_path, commit = version.commit } }
}

output "tenants" {
  description = "The tenants: by id what each runs, where it is, and how it is."

  value = {
    for id, tenant in gitops_tenant.this : id => {
      version        = tenant.product_version
      tier           = tenant.tier
      state          = tenant.state
      namespace      = tenant.namespace_name
      git_path       = tenant.git_path
      commit         = tenant.commit
      sync_status    = tenant.sync_status
      status         = tenant.status
      last_synced_at = tenant.last_synced_at
    }
  }
}
