resource "gitops_root_app" "platform" {
  kubernetes = gitops_cluster.dev.kubernetes
  namespace  = "argocd"
  name       = "platform"
  repo_url   = "https://git.example.com/acme/platform.git"
  path       = "apps"

  # Git keeps a placeholder; the domain of this installation is patched into the Application that takes it.
  kustomize = {
    patches = [{
      target = { kind = "Application", name = "web" }
      patch = yamlencode([
        { op = "replace", path = "/spec/source/helm/parameters/0/value", value = "llm.example.com" },
      ])
    }]
  }
}
