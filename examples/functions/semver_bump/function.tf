output "next_version" {
  value = provider::gitops::semver_bump("v1.2.3", "minor") # "v1.3.0"
}
