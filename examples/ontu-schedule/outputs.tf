output "applications" {
  description = "The Applications that Git has."
  value       = keys(local.applications)
}

output "approved" {
  description = "What production was synced to last; null before the first approval."
  value       = one(gitops_sync.prod[*].synced_revision)
}
