import {
  to       = gitops_cluster.dev
  identity = { name = "dev" }
}
