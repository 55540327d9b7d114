# Opened with the identity in SOPS_AGE_KEY, or wherever else SOPS finds one.
ephemeral "gitops_sops_file" "mail" {
  path = "${path.module}/mail.enc.yaml"
}

# Argo CD opens no such files: what they say goes into the cluster from here.
resource "gitops_secret_injection" "mail" {
  kubernetes       = gitops_cluster.dev.kubernetes
  namespace        = "mail"
  name             = "credentials"
  create_namespace = true
  data_wo          = ephemeral.gitops_sops_file.mail.data
}
