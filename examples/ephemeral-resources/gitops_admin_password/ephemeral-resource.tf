ephemeral "gitops_admin_password" "argocd" {
  kubernetes = gitops_cluster.dev.kubernetes
  namespace  = gitops_bootstrap.argocd.namespace
}

# It may go to where nothing is stored, such as another provider's credentials.
provider "argocd" {
  server_addr = "localhost:8080"
  username    = ephemeral.gitops_admin_password.argocd.username
  password    = ephemeral.gitops_admin_password.argocd.password
}
