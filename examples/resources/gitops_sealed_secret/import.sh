terraform import gitops_sealed_secret.database main:shop/database:apps/shop/database.yaml
