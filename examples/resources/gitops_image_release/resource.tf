# An entry of a kustomization's `images`.
resource "gitops_image_release" "web" {
  git    = { url = "https://git.example.com/acme/platform.git", branch = "main" }
  file   = "apps/web/kustomization.yaml"
  path   = "images[name=ghcr.io/acme/web]"
  format = "kustomize"
  tag    = "1.4.2"
}

# The image of a container. What is there before the tag stays.
resource "gitops_image_release" "worker" {
  git      = { url = "https://git.example.com/acme/platform.git", branch = "main" }
  file     = "apps/worker/manifests.yaml"
  document = "Deployment/worker"
  path     = "spec.template.spec.containers[name=worker].image"
  tag      = "1.4.2"
  message  = "deploy(worker): update image to 1.4.2 [skip ci]"
}

# The values of a Helm chart: `image.tag` and `image.digest`.
resource "gitops_image_release" "api" {
  git    = { url = "https://git.example.com/acme/platform.git", branch = "main" }
  file   = "charts/api/values.yaml"
  path   = "image"
  format = "helm"
  tag    = "1.4.2"
  digest = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
}
