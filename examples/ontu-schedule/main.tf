# Where it all runs: a cluster, Argo CD, and what Argo CD says of deployments. What runs there is in environments.tf.

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
    url         = var.repository_url
    branch      = "main"
    credentials = { (var.repository_url) = { username = var.git_username, password = var.git_password } }
  }
}

resource "gitops_cluster" "this" {
  name             = var.cluster_name
  node_image       = var.node_image
  config           = var.kind_config
  registry_mirrors = var.registry_mirrors
  kubeconfig_path  = "${path.root}/kubeconfig"
}

resource "gitops_bootstrap" "argocd" {
  kubernetes = gitops_cluster.this.kubernetes
  source     = { manifest = var.argocd_manifest }

  patches = [yamlencode({
    apiVersion = "v1"
    kind       = "ConfigMap"
    metadata   = { name = "argocd-notifications-cm" }
    data       = local.notifications
  })]
}

locals {
  kubernetes = gitops_cluster.this.kubernetes
  argocd     = gitops_bootstrap.argocd.namespace
}
