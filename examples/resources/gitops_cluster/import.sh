terraform import gitops_cluster.dev kind/dev
