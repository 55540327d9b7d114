import {
  to = gitops_cluster.dev
  id = "kind/dev"
}
