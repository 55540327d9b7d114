terraform import gitops_tenant_fleet.shops main:shops:acme:globex:initech
