import {
  to = gitops_image_release.web

  identity = {
    file           = "apps/web/kustomization.yaml"
    path           = "images[name=ghcr.io/acme/web]"
    repository_url = "https://git.example.com/acme/platform.git"
    branch         = "main"
  }
}
