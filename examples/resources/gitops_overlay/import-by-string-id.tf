import {
  to = gitops_overlay.web_prod
  id = "main:web-prod:k8s/overlays/prod"
}
