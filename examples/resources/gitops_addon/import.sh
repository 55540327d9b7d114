terraform import gitops_addon.sealed_secrets sealed-secrets/sealed-secrets
