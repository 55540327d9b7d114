output "shop_image_tag" {
  value = provider::gitops::image_ref("ghcr.io/acme/shop:1.2.3").tag # "1.2.3"
}
