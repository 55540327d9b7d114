output "acme_directory" {
  value = provider::gitops::tenant_path("acme", null) # "instances/acme"
}
