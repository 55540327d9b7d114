resource "gitops_tenant" "acme" {
  kubernetes = gitops_cluster.dev.kubernetes
  git        = { url = "https://git.example.com/acme/platform.git", branch = "main" }
  tenant_id  = "acme"
  tier       = "beta"

  # A chart in the platform repository itself.
  chart = { path = "charts/tenant" }

  default_values = {
    replicas = 1
    image    = { tag = "1.4.2" }
  }

  # Merged onto the defaults, as Helm merges files of values.
  values = {
    greeting = "Hello from acme"
    replicas = 2
  }
}
