output "kubeconfig" {
  description = "Path of the cluster's kubeconfig."
  value       = gitops_cluster.this.kubernetes.config_path
}

output "applications" {
  description = "What Argo CD runs."
  value       = gitops_root_app.platform.children
}

output "tenant" {
  description = "Where the tenant lives."

  value = {
    namespace = gitops_tenant.acme.namespace_name
    commit    = gitops_tenant.acme.commit
    status    = gitops_tenant.acme.status
  }
}
