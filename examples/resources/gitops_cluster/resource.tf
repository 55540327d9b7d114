resource "gitops_cluster" "dev" {
  name            = "dev"
  kubeconfig_path = "${path.root}/dev.kubeconfig"

  config = yamlencode({
    kind       = "Cluster"
    apiVersion = "kind.x-k8s.io/v1alpha4"
    nodes      = [{ role = "control-plane" }, { role = "worker" }]
  })
}

# Everything that goes into the cluster takes `gitops_cluster.dev.kubernetes`.
output "api_server" {
  value = gitops_cluster.dev.endpoint
}
