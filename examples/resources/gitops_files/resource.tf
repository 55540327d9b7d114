resource "gitops_files" "policies" {
  git     = { url = "https://git.example.com/acme/platform.git", branch = "main" }
  name    = "policies"
  message = "chore(policies): {action} {name}"

  files = {
    ".github/CODEOWNERS" = "/policies/ @acme/security\n"

    "policies/limits.yaml" = yamlencode({
      apiVersion = "v1"
      kind       = "LimitRange"
      metadata   = { name = "defaults" }
      spec       = { limits = [{ type = "Container", default = { memory = "256Mi" } }] }
    })
  }
}
