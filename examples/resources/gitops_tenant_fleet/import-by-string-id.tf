import {
  to = gitops_tenant_fleet.shops
  id = "main:shops:acme:globex:initech"
}
