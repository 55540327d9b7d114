# A platform for tenants, from nothing: a cluster, Argo CD's way into the repository, Argo CD, and the app that watches the
# tenants' Applications. The tenants themselves are in fleet.tf.

terraform {
  required_version = ">= 1.11"

  required_providers {
    gitops = {
      source = "registry.terraform.io/gitops-rs/gitops"
    }
  }
}

provider "gitops" {
  git = {
    credentials = {
      (var.repository_url) = { username = var.git_username, password = var.git_password }
    }
  }
}

resource "gitops_cluster" "this" {
  name             = var.cluster_name
  node_image       = var.node_image
  config           = var.kind_config
  registry_mirrors = var.registry_mirrors
  kubeconfig_path  = "${path.root}/kubeconfig"
}

module "platform" {
  source = "../../modules/platform"

  kubernetes = gitops_cluster.this.kubernetes

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
  project  = { name = "tenants", description = "The tenants and what brings them." }
  root_app = { name = "tenants", repo_url = var.repository_url, path = "argo-cd/applications", target_revision = "main" }
}

locals {
  # The cluster as the platform hands it on: what refers to it comes after the root app, and goes before it.
  kubernetes = module.platform.kubernetes
  project    = module.platform.project
}
