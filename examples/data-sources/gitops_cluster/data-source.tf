# A kind cluster that was made by hand.
data "gitops_cluster" "dev" {
  name = "dev"
}

# Any other cluster.
data "gitops_cluster" "production" {
  access = {
    config_path    = "~/.kube/config"
    config_context = "production"
  }
}

# Everything that goes into the cluster takes `kubernetes`.
resource "gitops_bootstrap" "production" {
  kubernetes = data.gitops_cluster.production.kubernetes

  source = {
    manifest = { path = "${path.root}/argo-cd/install.yaml" }
  }
}
