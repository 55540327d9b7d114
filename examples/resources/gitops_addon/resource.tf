# The controller that opens sealed secrets, once its keys are there.
resource "gitops_addon" "sealed_secrets" {
  kubernetes = gitops_cluster.dev.kubernetes
  kind       = "sealed-secrets"
  namespace  = "sealed-secrets"

  # The `controller.yaml` of a release.
  source = { manifest = { path = "controller.yaml" } }

  # The cluster pulls from a registry of its own.
  images = { "docker.io" = "registry.example.com/docker" }

  depends_on = [gitops_sealing_key.sealed_secrets]
}
