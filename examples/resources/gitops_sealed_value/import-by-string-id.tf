import {
  to = gitops_sealed_value.token
  id = "shop/api/AgBv1Jq0…"
}
