# Argo CD with its secrets, a project and an app of apps, in a cluster that is there already: the module does the order.

terraform {
  required_version = ">= 1.11"

  required_providers {
    gitops = {
      source = "registry.terraform.io/gitops-rs/gitops"
    }
  }
}

module "platform" {
  source = "../../modules/platform"

  kubernetes = { config_path = var.kubeconfig_path }

  # Argo CD's way into the repository. The values are written to the cluster and stored nowhere else.
  secrets = {
    repository = {
      namespace = "argocd"
      name      = "platform-repository"
      keys      = ["type", "url", "username", "password"]
      labels    = { "argocd.argoproj.io/secret-type" = "repository" }
    }
  }

  secret_values = {
    repository = {
      type     = "git"
      url      = var.repository_url
      username = var.git_username
      password = var.git_password
    }
  }

  argocd   = { source = { manifest = var.argocd_manifest } }
  project  = { description = "What the platform itself is made of." }
  root_app = { repo_url = var.repository_url, path = "apps" }
}
