output "shop_values" {
  value = provider::gitops::merge_values(
    { replicas = 1, image = { tag = "1.4.2", pullPolicy = "Always" } },
    { image = { tag = "1.5.0" } },
  ) # { replicas = 1, image = { tag = "1.5.0", pullPolicy = "Always" } }
}
