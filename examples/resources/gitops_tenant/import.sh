terraform import gitops_tenant.acme main:acme
