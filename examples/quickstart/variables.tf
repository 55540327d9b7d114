variable "cluster_name" {
  description = "Name of the kind cluster."
  type        = string
  default     = "quickstart"
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
  description = "Argo CD's install.yaml, as a file or a URL, and its checksum."

  type = object({
    path   = optional(string)
    url    = optional(string)
    sha256 = string
  })
}

variable "repository_url" {
  description = "URL of the platform repository, for this machine and for the cluster alike."
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

variable "api_token" {
  description = "The secret that the web application starts with. It is never stored."
  type        = string
  ephemeral   = true
  sensitive   = true
}
