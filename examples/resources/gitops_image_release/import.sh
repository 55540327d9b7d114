terraform import gitops_image_release.web 'main:apps/web/kustomization.yaml#images[name=ghcr.io/acme/web]'
