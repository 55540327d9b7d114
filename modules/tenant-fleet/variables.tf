variable "kubernetes" {
  description = "The cluster that Argo CD runs in: the `kubernetes` of a gitops_cluster or of the module `platform`. Null takes that of the provider block."
  type        = any
  default     = null
}

variable "git" {
  description = "The platform repository. Null takes that of the provider block."

  type = object({
    url    = string
    branch = optional(string, "main")
  })

  default = null
}

variable "source_repo_url" {
  description = "Address that Argo CD pulls the repository from, where it is not that of `git`."
  type        = string
  default     = null
}

variable "project" {
  description = "AppProject of the tenants' Applications."
  type        = string
  default     = "default"
}

variable "tier_projects" {
  description = "AppProject by tier, in the place of `project`: a tier whose sync windows are its own has a project of its own."
  type        = map(string)
  default     = null
}

variable "wait" {
  description = "Whether an apply waits until Argo CD runs the tenants as Git has them, and a destroy until they are gone."
  type        = bool
  default     = true
}

# Values differ from one tenant to the next, and the elements of a typed map must not: hence `any`, and the checks.

variable "product_versions" {
  description = "Versions by `product/version`: `chart`, as in gitops_product_version, and optionally `default_values`."
  type        = any

  validation {
    condition     = alltrue([for name in try(keys(var.product_versions), [""]) : can(regex("^[a-zA-Z0-9]([a-zA-Z0-9._+-]{0,61}[a-zA-Z0-9])?/[a-zA-Z0-9]([a-zA-Z0-9._+-]{0,61}[a-zA-Z0-9])?$", name))])
    error_message = "`product_versions` is a map from names like `nextcloud/1.2.3`."
  }

  validation {
    condition     = alltrue([for version in try(values(var.product_versions), []) : can(keys(version.chart))])
    error_message = "Each of `product_versions` has a `chart`, such as `{ path = \"charts/nextcloud\" }`."
  }

  validation {
    condition = alltrue([
      for version in try(values(var.product_versions), []) :
      length(setsubtract(try(keys(version), []), ["chart", "default_values"])) == 0
    ])
    error_message = "Each of `product_versions` has `chart` and `default_values`, and nothing else."
  }
}

variable "tenants" {
  description = "Tenants by id: `version`, one of `product_versions`, and optionally `tier`, `state`, `drift`, `on_delete`, `namespace` and `values`."
  type        = any

  validation {
    condition = alltrue([
      for id in try(keys(var.tenants), [""]) : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", id))
    ])
    error_message = "`tenants` is a map from ids: lower-case letters, digits and dashes, at most 63, such as a UUID."
  }

  validation {
    condition = alltrue([
      for tenant in try(values(var.tenants), []) :
      length(setsubtract(try(keys(tenant), []), ["version", "tier", "state", "drift", "on_delete", "namespace", "values"])) == 0
    ])
    error_message = "Each of `tenants` has `version`, `tier`, `state`, `drift`, `on_delete`, `namespace` and `values`, and nothing else."
  }

  validation {
    condition = alltrue([
      for tenant in try(values(var.tenants), []) :
      contains(try(keys(var.product_versions), []), try(tenant.version, ""))
    ])
    error_message = "The `version` of each of `tenants` is a key of `product_versions`, such as `nextcloud/1.2.3`."
  }

  validation {
    condition = alltrue([
      for tenant in try(values(var.tenants), []) :
      contains(["active", "suspended", "retired"], try(coalesce(tenant.state, "active"), "active"))
    ])
    error_message = "The `state` of each of `tenants` is active, suspended or retired."
  }

  validation {
    condition = alltrue([
      for tenant in try(values(var.tenants), []) :
      contains(["heal", "alert"], try(coalesce(tenant.drift, "heal"), "heal"))
    ])
    error_message = "The `drift` of each of `tenants` is heal or alert."
  }

  validation {
    condition = alltrue([
      for tenant in try(values(var.tenants), []) :
      contains(["destroy", "retain_data", "orphan"], try(coalesce(tenant.on_delete, "destroy"), "destroy"))
    ])
    error_message = "The `on_delete` of each of `tenants` is destroy, retain_data or orphan."
  }
}
