import {
  to = gitops_tenant_fleet.shops

  identity = {
    name           = "shops"
    repository_url = "https://git.example.com/acme/platform.git"
    branch         = "main"
  }
}
