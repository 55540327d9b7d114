resource "gitops_overlay" "web_prod" {
  git   = { url = "https://git.example.com/acme/platform.git", branch = "main" }
  name  = "web-prod"
  path  = "k8s/overlays/prod"
  bases = ["../../base"]

  namespace = "web"
  images    = { "acme/web" = "ghcr.io/acme/web:1.4.2" }
  replicas  = { web = 3 }

  patches = [{
    target = { kind = "Deployment", name = "web" }
    patch = yamlencode([
      { op = "add", path = "/spec/template/spec/priorityClassName", value = "production" },
    ])
  }]

  # A file for the directory that the root app reads.
  application = {
    destination = { namespace = "web" }
    sync        = { options = ["CreateNamespace=true"] }
  }
}
