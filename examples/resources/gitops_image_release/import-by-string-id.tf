import {
  to = gitops_image_release.web
  id = "main:apps/web/kustomization.yaml#images[name=ghcr.io/acme/web]"
}
