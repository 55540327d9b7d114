import {
  to = gitops_sealed_secret.database
  id = "main:shop/database:apps/shop/database.yaml"
}
