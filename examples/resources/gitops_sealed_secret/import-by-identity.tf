import {
  to = gitops_sealed_secret.database

  identity = {
    namespace      = "shop"
    name           = "database"
    repository_url = "https://git.example.com/acme/platform.git"
    branch         = "main"
  }
}
