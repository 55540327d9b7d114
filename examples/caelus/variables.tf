variable "cluster_name" {
  description = "Name of the kind cluster."
  type        = string
  default     = "caelus"
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

variable "product_versions" {
  description = "Versions of products by `product/version`. One that is there is never changed: add another."
  type        = any

  default = {
    "notes/1.0.0" = { chart = { path = "charts/notes" }, default_values = { title = "Notes" } }
    "notes/1.1.0" = { chart = { path = "charts/notes" }, default_values = { title = "Notes", footer = "With a footer." } }
  }
}

variable "tenants" {
  description = "Tenants by id, here a UUID: what each runs, in which tier, whether it runs, and its own values."
  type        = any

  default = {
    "0b7e2c1a-5d34-4f0e-9a61-3c8f7d2b1e90" = {
      version = "notes/1.0.0"
      tier    = "stable"
      values  = { title = "Notes of Ada" }
    }

    "c41d9e7b-8a02-4b6f-b1d7-5e2f90a3c684" = {
      version = "notes/1.0.0"
      tier    = "stable"
      state   = "active"
    }

    "e9f3a6d2-1c58-4e7b-8f04-7a6b3d9c2e15" = {
      version = "notes/1.1.0"
      tier    = "beta"
      values  = { title = "Notes of Grace", replicas = 1 }
    }
  }
}

variable "wait" {
  description = "Whether an apply waits until Argo CD runs the tenants as Git has them."
  type        = bool
  default     = true
}
