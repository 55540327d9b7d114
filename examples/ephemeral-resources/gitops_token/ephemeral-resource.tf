ephemeral "gitops_token" "ci" {
  kubernetes      = gitops_cluster.dev.kubernetes
  namespace       = "ci"
  service_account = "deployer"
  lifetime        = "30m"
}

# It may go to where nothing is stored: another provider's credentials, or a write-only attribute.
resource "gitops_secret_injection" "ci_token" {
  kubernetes       = gitops_cluster.dev.kubernetes
  namespace        = "shop"
  name             = "ci-token"
  data_wo          = { TOKEN = ephemeral.gitops_token.ci.token }
  data_wo_revision = 1
}
