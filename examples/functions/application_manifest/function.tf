# The text of a file that an app of apps reads.
output "shop_application" {
  value = provider::gitops::application_manifest({
    name        = "shop"
    source      = { repo_url = "https://git.example.com/acme/shop.git", path = "overlays/prod", target_revision = "v1.2.3" }
    destination = { namespace = "shop" }
    sync        = { options = ["CreateNamespace=true"] }
  })
}
