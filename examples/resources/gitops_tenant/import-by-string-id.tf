import {
  to = gitops_tenant.acme
  id = "main:acme"
}
