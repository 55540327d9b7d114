output "argocd_version" {
  description = "Version of Argo CD."
  value       = module.platform.argocd_version
}

output "project" {
  description = "The project of the root app."
  value       = module.platform.project
}

output "applications" {
  description = "What the root app brought up: status by Application."
  value       = module.platform.applications
}
