terraform import gitops_sealed_value.token 'shop/api/AgBv1Jq0…'
