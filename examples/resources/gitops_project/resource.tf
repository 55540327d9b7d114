resource "gitops_project" "shop" {
  kubernetes  = gitops_cluster.dev.kubernetes
  namespace   = gitops_bootstrap.argocd.namespace
  name        = "shop"
  description = "The shop, by its own team."

  source_repos = ["https://git.example.com/acme/shop.git"]

  destinations = [
    { server = "https://kubernetes.default.svc", namespace = "shop-*" },
  ]

  # Nothing without a namespace but namespaces; of what has one, all but quotas.
  cluster_resources          = [{ kind = "Namespace" }]
  denied_namespace_resources = [{ kind = "ResourceQuota" }]

  roles = [{
    name     = "deployer"
    policies = ["p, proj:shop:deployer, applications, sync, shop/*, allow"]
    groups   = ["acme:shop"]
  }]

  # Nothing is synced at night, unless a person does it.
  sync_windows = [{
    kind         = "deny"
    schedule     = "0 22 * * *"
    duration     = "8h"
    applications = ["*"]
    manual_sync  = true
    time_zone    = "Europe/Berlin"
  }]
}
