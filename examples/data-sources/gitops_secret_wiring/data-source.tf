resource "gitops_secret_injection" "db" {
  namespace        = "shop"
  name             = "db"
  create_namespace = true
  data_wo          = { password = var.db_password }
}

variable "db_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

# The apply ends here where the app needs more than is supplied.
data "gitops_secret_wiring" "shop" {
  manifests = [
    <<-YAML
    apiVersion: v1
    kind: Pod
    metadata:
      name: web
      namespace: shop
    spec:
      containers:
        - name: web
          image: registry.example.com/web:1.2.3
          env:
            - name: DB_PASSWORD
              valueFrom:
                secretKeyRef: { name: db, key: password }
    YAML
  ]
  supplies = { "shop/db" = gitops_secret_injection.db.keys }
}
