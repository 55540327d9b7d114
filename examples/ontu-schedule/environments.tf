# What runs there: one chart in three environments. Development and staging follow Git, production follows approvals.

locals {
  app = "ontu-schedule-bot-admin"

  # How far Argo CD acts by itself: `auto` also prunes and reverts what was changed by hand, `guarded` does nothing unasked.
  environments = {
    dev     = { sync = "auto", retries = 10 }
    staging = { sync = "auto", retries = 10 }
    prod    = { sync = "guarded", retries = 1 }
  }

  applications = merge(
    {
      sealed-secrets = provider::gitops::application_manifest({
        name        = "sealed-secrets"
        source      = { repo_url = var.repository_url, path = "infrastructure/sealed-secrets", target_revision = "main" }
        destination = { namespace = "sealed-secrets" }
        sync        = { options = ["CreateNamespace=true"] }
      })
    },
    {
      for environment, of in local.environments : "${local.app}-${environment}" => provider::gitops::application_manifest({
        name        = "${local.app}-${environment}"
        project     = "ontu-schedule"
        annotations = local.subscriptions

        source = {
          repo_url        = var.repository_url
          path            = "apps/${local.app}"
          target_revision = "main"
          helm            = { release_name = local.app, value_files = ["values-${environment}.yaml"] }
        }

        destination = { server = "https://kubernetes.default.svc", namespace = "ontu-schedule-${environment}" }

        # The controller may come after the charts that need it: they are tried again.
        sync = {
          preset  = of.sync
          options = ["RespectIgnoreDifferences=true"]
          retry   = { limit = of.retries, backoff = { duration = "2s", factor = 2, max_duration = "30s" } }
        }

        # What the autoscaler sets is no drift; what a person sets is.
        ignore_differences = [{ group = "apps", kind = "Deployment", managed_fields_managers = ["kube-controller-manager"] }]
      })
    },
  )

  root_app = {
    name            = "root-app"
    namespace       = "argocd"
    path            = "argocd/applications"
    target_revision = "main"
  }
}

resource "gitops_repository_credentials" "this" {
  kubernetes  = local.kubernetes
  namespace   = local.argocd
  url         = var.repository_url
  username    = var.git_username
  password_wo = var.git_password
}

# What the environments may be made of, from where, and who may sync which of them.
resource "gitops_project" "this" {
  kubernetes   = local.kubernetes
  namespace    = local.argocd
  name         = "ontu-schedule"
  description  = "The schedule bot, in all of its environments."
  source_repos = [var.repository_url]

  destinations = [
    for environment, _ in local.environments :
    { server = "https://kubernetes.default.svc", namespace = "ontu-schedule-${environment}" }
  ]

  cluster_resources = [{ kind = "Namespace" }]

  namespace_resources = [
    { kind = "ConfigMap" },
    { kind = "Service" },
    { kind = "ServiceAccount" },
    { group = "apps", kind = "Deployment" },
    { group = "autoscaling", kind = "HorizontalPodAutoscaler" },
    { group = "networking.k8s.io", kind = "Ingress" },
    { group = "bitnami.com", kind = "SealedSecret" },
  ]

  roles = [
    {
      name        = "deployer-dev"
      description = "Syncs development."
      policies = [
        "p, proj:ontu-schedule:deployer-dev, applications, get, ontu-schedule/*, allow",
        "p, proj:ontu-schedule:deployer-dev, applications, sync, ontu-schedule/${local.app}-dev, allow",
      ]
    },
    {
      name        = "release-manager"
      description = "Syncs all environments."
      policies = [
        "p, proj:ontu-schedule:release-manager, applications, get, ontu-schedule/*, allow",
        "p, proj:ontu-schedule:release-manager, applications, sync, ontu-schedule/*, allow",
      ]
    },
  ]
}

# The Applications in Git, and the root app as a file for whoever applies it by hand.
resource "gitops_files" "argocd" {
  name    = "argocd"
  message = "argocd: {action} the Applications"

  files = merge(
    { for name, text in local.applications : "argocd/applications/${name}.yaml" => text },
    {
      "argocd/bootstrap/root-app.yaml" = provider::gitops::application_manifest({
        name      = local.root_app.name
        namespace = local.root_app.namespace
        source    = { repo_url = var.repository_url, path = local.root_app.path, target_revision = local.root_app.target_revision }
      })
    },
  )
}

# It brings all of them, and waits for all that sync by themselves.
resource "gitops_root_app" "this" {
  kubernetes      = local.kubernetes
  namespace       = local.argocd
  name            = local.root_app.name
  repo_url        = var.repository_url
  path            = local.root_app.path
  target_revision = local.root_app.target_revision

  depends_on = [
    gitops_repository_credentials.this,
    gitops_project.this,
    gitops_files.argocd,
    gitops_sealed_secret.password,
    gitops_sealing_key.this,
  ]
}

# Who raises the variable approves. The Application stays as Git has it.
resource "gitops_sync" "prod" {
  count = var.approved_revision == null ? 0 : 1

  kubernetes  = local.kubernetes
  namespace   = local.argocd
  application = "${local.app}-prod"
  revision    = var.approved_revision

  depends_on = [gitops_root_app.this]
}

# Nobody heals production: where it differs from Git is told, by each plan.
data "gitops_application" "prod" {
  kubernetes = local.kubernetes
  namespace  = local.argocd
  name       = "${local.app}-prod"

  depends_on = [gitops_root_app.this]
}

check "production_is_as_git_has_it" {
  assert {
    condition     = data.gitops_application.prod.sync_status == "Synced"
    error_message = "Production waits for an approval, or was changed by hand: ${join("; ", data.gitops_application.prod.problems)}"
  }
}
