import {
  to = gitops_tenant.acme

  identity = {
    tenant_id      = "acme"
    repository_url = "https://git.example.com/acme/platform.git"
    branch         = "main"
  }
}
