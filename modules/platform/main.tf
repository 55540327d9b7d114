# Secrets before Argo CD, and nothing of it where the apps need more of them; Argo CD before the project, the project before
# the root app: the order is in the references, so that nobody can forget it.

terraform {
  required_version = ">= 1.11"

  required_providers {
    gitops = {
      source = "registry.terraform.io/gitops-rs/gitops"
    }
  }
}

# The keys are known when the values are not: an ephemeral map cannot be iterated over.
resource "gitops_secret_injection" "this" {
  for_each = var.secrets

  kubernetes       = var.kubernetes
  namespace        = each.value.namespace
  name             = each.value.name
  create_namespace = true
  type             = each.value.type
  labels           = each.value.labels
  required_keys    = each.value.keys
  data_wo          = { for key in each.value.keys : key => var.secret_values[each.key][key] }
}

# The plan knows which keys there will be, so that it finds what is missing before anything is written.
data "gitops_secret_wiring" "app" {
  for_each = var.apps

  manifests              = each.value.manifests
  chart                  = each.value.chart
  namespace              = each.value.namespace
  repository_credentials = each.value.repository_credentials
  public_repositories    = each.value.public_repositories

  supplies = merge(
    { for secret in var.secrets : "${secret.namespace}/${secret.name}" => secret.keys },
    each.value.supplies,
  )
}

resource "gitops_bootstrap" "argocd" {
  kubernetes = var.kubernetes
  namespace  = var.argocd.namespace
  source     = var.argocd.source
  settings   = var.argocd.settings
  images     = var.argocd.images

  depends_on = [gitops_secret_injection.this, data.gitops_secret_wiring.app]
}

resource "gitops_project" "this" {
  kubernetes        = var.kubernetes
  namespace         = gitops_bootstrap.argocd.namespace
  name              = var.project.name
  description       = var.project.description
  source_repos      = coalesce(var.project.source_repos, [var.root_app.repo_url])
  destinations      = var.project.destinations
  cluster_resources = var.project.cluster_resources
  roles             = var.project.roles
  sync_windows      = var.project.sync_windows
}

resource "gitops_root_app" "this" {
  kubernetes      = var.kubernetes
  namespace       = gitops_bootstrap.argocd.namespace
  name            = var.root_app.name
  project         = gitops_project.this.name
  repo_url        = var.root_app.repo_url
  path            = var.root_app.path
  target_revision = var.root_app.target_revision
  kustomize       = var.root_app.kustomize
  sync            = { preset = var.root_app.sync, allow_empty = var.root_app.allow_empty }
}
