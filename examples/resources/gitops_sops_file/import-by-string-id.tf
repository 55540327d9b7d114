import {
  to = gitops_sops_file.shop
  id = "main:secrets/shop.yaml"
}
