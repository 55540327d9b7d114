import {
  to       = gitops_sealed_value.token
  identity = { namespace = "shop", name = "api" }
}
