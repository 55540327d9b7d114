resource "gitops_product_version" "nextcloud_1" {
  git     = { url = "https://git.example.com/acme/platform.git", branch = "main" }
  product = "nextcloud"
  version = "1.2.3"

  # A chart in the platform repository itself.
  chart = { path = "charts/nextcloud" }

  default_values = {
    replicas = 1
    image    = { tag = "30.0.1" }
  }
}

resource "gitops_tenant" "globex" {
  kubernetes      = gitops_cluster.dev.kubernetes
  git             = { url = "https://git.example.com/acme/platform.git", branch = "main" }
  tenant_id       = "globex"
  product_version = gitops_product_version.nextcloud_1.id
  values          = { host = "globex.example.com" }
}
