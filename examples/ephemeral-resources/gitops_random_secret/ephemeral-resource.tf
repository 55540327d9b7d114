# What the Secret has, or something new where there is none yet.
ephemeral "gitops_random_secret" "database" {
  kubernetes = gitops_cluster.dev.kubernetes
  from       = { namespace = "shop", name = "database", key = "PASSWORD" }
  length     = 40

  # Raise both numbers for a new value.
  revision = 1
}

resource "gitops_secret_injection" "database" {
  kubernetes       = gitops_cluster.dev.kubernetes
  namespace        = "shop"
  name             = "database"
  create_namespace = true
  data_wo          = { PASSWORD = ephemeral.gitops_random_secret.database.value }
  data_wo_revision = 1
}
