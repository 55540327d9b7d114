import {
  to = gitops_sops_file.shop

  identity = {
    path           = "secrets/shop.yaml"
    repository_url = "https://git.example.com/acme/platform.git"
    branch         = "main"
  }
}
