terraform import gitops_overlay.web_prod main:web-prod:k8s/overlays/prod
