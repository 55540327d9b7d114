variable "shop_database_password" {
  description = "Read from the environment or a vault; it is never stored."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "gitops_sops_file" "shop" {
  git  = { url = "https://git.example.com/acme/platform.git", branch = "main" }
  path = "secrets/shop.yaml"

  # Whoever has one of their identities opens the file: `sops decrypt secrets/shop.yaml`.
  age             = ["age1hn4e0y6pnetyr4ws5ta974tfjck8y7wxca53pgph8av94jux5cyqxj65te"]
  encrypted_regex = "^stringData$"

  content_wo = yamlencode({
    apiVersion = "v1"
    kind       = "Secret"
    metadata   = { name = "database" }
    stringData = { password = var.shop_database_password }
  })
}
