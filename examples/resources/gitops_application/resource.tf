resource "gitops_application" "shop_prod" {
  kubernetes  = gitops_cluster.dev.kubernetes
  namespace   = "argocd"
  name        = "shop-prod"
  project     = gitops_project.shop.name
  repo_url    = "https://git.example.com/acme/shop.git"
  path        = "charts/shop"
  helm        = { value_files = ["values-prod.yaml"] }
  destination = { namespace = "shop-prod" }

  # Git is compared at once, and applied when somebody approves it: see `gitops_sync`.
  sync = { preset = "guarded", options = ["CreateNamespace=true"] }

  # An autoscaler counts the replicas.
  ignore_differences = [{ group = "apps", kind = "Deployment", json_pointers = ["/spec/replicas"] }]
}
