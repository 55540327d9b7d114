variable "repository_token" {
  description = "May read the repository; it is never stored."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "gitops_repository_credentials" "shop" {
  kubernetes  = gitops_cluster.dev.kubernetes
  namespace   = gitops_bootstrap.argocd.namespace
  url         = "https://git.example.com/acme/shop.git"
  project     = gitops_project.shop.name
  username    = "argocd"
  password_wo = var.repository_token
}
