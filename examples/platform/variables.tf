variable "kubeconfig_path" {
  description = "Kubeconfig of the cluster; its current context is used."
  type        = string
}

variable "repository_url" {
  description = "Repository with the directory `apps`, as Argo CD reaches it."
  type        = string
}

variable "git_username" {
  description = "User who may read the repository."
  type        = string
}

variable "git_password" {
  description = "Password or token of that user."
  type        = string
  ephemeral   = true
  sensitive   = true
}

variable "argocd_manifest" {
  description = "Argo CD's installation: a path, or a URL with its checksum."

  type = object({
    path   = optional(string)
    url    = optional(string)
    sha256 = optional(string)
  })

  default = {
    url    = "https://raw.githubusercontent.com/argoproj/argo-cd/v3.5.3/manifests/install.yaml"
    sha256 = "7efe2d6bbc03f63623640f1e4198f16c84009d510fb810ef71e56df1b7614ba9"
  }
}
