data "gitops_tenants" "all" {
  kubernetes = { config_path = "~/.kube/config" }
  git        = { url = "https://git.example.com/acme/platform.git", branch = "main" }
}

# Those that do not run what Git says.
output "drifted" {
  value = [for id, tenant in data.gitops_tenants.all.tenants : id if tenant.drift]
}
