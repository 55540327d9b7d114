variable "cluster_name" {
  description = "Name of the kind cluster."
  type        = string
  default     = "ontu-schedule"
}

variable "node_image" {
  description = "Image of the cluster's node. Null takes the one that kind is made for."
  type        = string
  default     = null
}

variable "kind_config" {
  description = "kind configuration (YAML) for machines that need one. Null takes kind's default."
  type        = string
  default     = null
}

variable "registry_mirrors" {
  description = "Registries by the host that they stand in for. Null pulls from the hosts themselves."
  type        = map(list(string))
  default     = null
}

variable "argocd_manifest" {
  description = "Argo CD's installation: a path or a URL, and its checksum."

  type = object({
    path   = optional(string)
    url    = optional(string)
    sha256 = string
  })

  default = {
    url    = "https://raw.githubusercontent.com/argoproj/argo-cd/v3.5.3/manifests/install.yaml"
    sha256 = "7efe2d6bbc03f63623640f1e4198f16c84009d510fb810ef71e56df1b7614ba9"
  }
}

variable "notification_url" {
  description = "Webhook that is told of deployments and of syncs that failed. Null tells nobody."
  type        = string
  default     = null
}

variable "repository_url" {
  description = "URL of the platform repository, for this machine and for the cluster alike. It begins as `repository/` is."
  type        = string
}

variable "git_username" {
  description = "User that may push to the repository."
  type        = string
}

variable "git_password" {
  description = "Password of that user. It is never stored."
  type        = string
  ephemeral   = true
  sensitive   = true
}

variable "key_recipients" {
  description = "Who opens the backup of the sealing key: recipients of age."
  type        = set(string)
}

variable "key_identity" {
  description = "Identity of age that opens the backup. It is never stored. Null takes those that SOPS finds on this machine."
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true
}

variable "key_backup" {
  description = "A backup of the sealing key, for a cluster that is made again. Null makes a key where there is none."
  type        = string
  default     = null
}

variable "passwords" {
  description = "Password of the bot's admin in each environment. They are never stored."
  type        = map(string)
  ephemeral   = true
  sensitive   = true
}

variable "approved_revision" {
  description = "The commit that production is to run. Null leaves it alone."
  type        = string
  default     = null
}
