output "argocd_version" {
  description = "Version of Argo CD."
  value       = gitops_bootstrap.argocd.version
}

output "project" {
  description = "Name of the project, for Applications that are to belong to it."
  value       = gitops_project.this.name
}

output "applications" {
  description = "What the root app brought up: status by Application."
  value       = gitops_root_app.this.children
}

output "kubernetes" {
  description = "The cluster, handed on: what refers to it comes after the root app, and is destroyed before it."
  value       = var.kubernetes
  depends_on  = [gitops_root_app.this]
}
