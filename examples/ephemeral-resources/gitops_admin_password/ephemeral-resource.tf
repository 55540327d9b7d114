ephemeral "gitops_admin_password" "argocd" {
  kubernetes = gitops_cluster.dev.kubernetes
  namespace  = gitops_bootstrap.argocd.namespace
}

# It may go to where nothing is stored: another provider's credentials, or a write-only attribute.
resource "gitops_secret_injection" "argocd_login" {
  kubernetes       = gitops_cluster.dev.kubernetes
  namespace        = "ci"
  name             = "argocd-login"
  create_namespace = true

  data_wo = {
    username = ephemeral.gitops_admin_password.argocd.username
    password = ephemeral.gitops_admin_password.argocd.password
  }
}
