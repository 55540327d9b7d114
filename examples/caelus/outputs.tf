output "tenants" {
  description = "All tenants of the repository, as Git and Argo CD have them."

  value = {
    for id, tenant in data.gitops_tenants.all.tenants : id => {
      version     = tenant.product_version
      tier        = tenant.tier
      state       = tenant.state
      namespace   = tenant.namespace
      sync_status = tenant.sync_status
      status      = tenant.status
      drift       = tenant.drift
    }
  }
}

output "versions" {
  description = "The tenants of each product version."

  value = {
    for version in keys(module.fleet.product_versions) :
    version => [for id, tenant in module.fleet.tenants : id if tenant.version == version]
  }
}
