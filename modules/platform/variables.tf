variable "kubernetes" {
  description = "The cluster: the `kubernetes` of a gitops_cluster, or an object of the same shape."
  type        = any
}

variable "secrets" {
  description = "Secrets that are in the cluster before Argo CD is. The values are in `secret_values`, under the same key."

  type = map(object({
    namespace = string
    name      = string
    keys      = set(string)
    type      = optional(string)
    labels    = optional(map(string))
  }))

  default = {}
}

variable "secret_values" {
  description = "For each of `secrets` its values by key. They are never stored."
  type        = map(map(string))
  default     = {}
  ephemeral   = true
  sensitive   = true
}

variable "apps" {
  description = "What the apps are made of, by a key of your own, before Argo CD is there: the apply ends where one of them needs a Secret, or a key of one, that is neither among `secrets` nor in its `supplies`."

  type = map(object({
    manifests = optional(list(string))
    namespace = optional(string)

    chart = optional(object({
      repository = string
      name       = string
      version    = optional(string)
      values     = optional(string)
    }))

    supplies               = optional(map(set(string)), {})
    repository_credentials = optional(list(string))
    public_repositories    = optional(list(string))
  }))

  default = {}
}

variable "argocd" {
  description = "Argo CD: where it comes from, and its settings."

  type = object({
    namespace = optional(string)

    source = object({
      manifest = optional(object({
        path   = optional(string)
        url    = optional(string)
        sha256 = optional(string)
      }))

      chart = optional(object({
        repository = string
        name       = string
        version    = string
        values     = optional(any)
      }))
    })

    settings = optional(object({
      config = optional(map(string))
      rbac   = optional(map(string))
      params = optional(map(string))
    }))

    images = optional(map(string))
  })
}

variable "project" {
  description = "The project of the root app. Its repositories are the root app's by default, its destinations the cluster itself."

  type = object({
    name         = optional(string, "platform")
    description  = optional(string)
    source_repos = optional(list(string))

    destinations = optional(list(object({
      server    = optional(string)
      name      = optional(string)
      namespace = string
    })), [{ server = "https://kubernetes.default.svc", namespace = "*" }])

    cluster_resources = optional(list(object({
      group = optional(string, "")
      kind  = string
    })), [{ group = "*", kind = "*" }])

    roles = optional(list(object({
      name        = string
      description = optional(string)
      policies    = optional(list(string), [])
      groups      = optional(list(string), [])
    })))

    sync_windows = optional(list(object({
      kind         = string
      schedule     = string
      duration     = string
      applications = optional(list(string), [])
      namespaces   = optional(list(string), [])
      clusters     = optional(list(string), [])
      manual_sync  = optional(bool, false)
      time_zone    = optional(string)
    })))
  })

  default = {}
}

variable "root_app" {
  description = "The app of apps. `sync` is auto, guarded or observe; `allow_empty` prunes also the last object."

  type = object({
    name            = optional(string, "root")
    repo_url        = string
    path            = string
    target_revision = optional(string)
    kustomize       = optional(any)
    sync            = optional(string, "auto")
    allow_empty     = optional(bool, false)
  })
}
