# A cluster, its secrets, Argo CD, an app of apps with an overlay, and a tenant: one apply, from nothing.

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

# In place before anything that needs it: the application's own secret, and Argo CD's way into the repository.
resource "gitops_secret_injection" "web" {
  kubernetes       = gitops_cluster.this.kubernetes
  namespace        = "web"
  name             = "web"
  create_namespace = true
  required_keys    = ["API_TOKEN"]
  data_wo          = { API_TOKEN = var.api_token }
}

resource "gitops_secret_injection" "repository" {
  kubernetes       = gitops_cluster.this.kubernetes
  namespace        = "argocd"
  name             = "platform-repository"
  create_namespace = true
  labels           = { "argocd.argoproj.io/secret-type" = "repository" }

  data_wo = {
    type     = "git"
    url      = var.repository_url
    username = var.git_username
    password = var.git_password
  }
}

resource "gitops_bootstrap" "argocd" {
  kubernetes = gitops_cluster.this.kubernetes
  source     = { manifest = var.argocd_manifest }

  depends_on = [gitops_secret_injection.web, gitops_secret_injection.repository]
}

resource "gitops_root_app" "platform" {
  kubernetes = gitops_cluster.this.kubernetes
  namespace  = gitops_bootstrap.argocd.namespace
  name       = "platform"
  repo_url   = var.repository_url
  path       = "apps"

  # The repository does not know its own address: it is patched in, and Git keeps its placeholder.
  kustomize = {
    patches = [{
      target = { kind = "Application" }
      patch = yamlencode([
        { op = "replace", path = "/spec/source/repoURL", value = var.repository_url },
      ])
    }]
  }
}

resource "gitops_tenant" "acme" {
  git        = { url = var.repository_url, branch = "main" }
  kubernetes = gitops_cluster.this.kubernetes
  tenant_id  = "acme"
  chart      = { path = "charts/tenant" }
  values     = { greeting = "Hello from acme" }

  depends_on = [gitops_root_app.platform]
}
