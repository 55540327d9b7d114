import {
  to = gitops_overlay.web_prod

  identity = {
    name           = "web-prod"
    repository_url = "https://git.example.com/acme/platform.git"
    branch         = "main"
  }
}
