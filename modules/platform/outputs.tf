output "argocd_version" {
  description = "Version of Argo CD."
  value       = gitops_bootstrap.argocd.version
}

output "applications" {
  description = "What the root app brought up: status by Application."
  value       = gitops_root_app.this.children
}
