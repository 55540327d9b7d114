resource "gitops_bootstrap" "argocd" {
  kubernetes = gitops_cluster.dev.kubernetes

  source = {
    manifest = {
      url    = "https://raw.githubusercontent.com/argoproj/argo-cd/v3.5.3/manifests/install.yaml"
      sha256 = "7efe2d6bbc03f63623640f1e4198f16c84009d510fb810ef71e56df1b7614ba9"
    }
  }

  settings = {
    config = { "timeout.reconciliation" = "60s" }
    rbac   = { "policy.default" = "role:readonly" }
    params = { "server.insecure" = "true" }
  }

  # The cluster pulls from a registry of its own.
  images = { "quay.io" = "registry.example.com/quay" }

  patches = [
    yamlencode({
      apiVersion = "apps/v1"
      kind       = "Deployment"
      metadata   = { name = "argocd-repo-server" }
      spec       = { replicas = 2 }
    }),
  ]
}

output "argocd_version" {
  value = gitops_bootstrap.argocd.version
}
