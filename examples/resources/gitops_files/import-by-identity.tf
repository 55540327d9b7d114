import {
  to = gitops_files.policies

  identity = {
    name           = "policies"
    repository_url = "https://git.example.com/acme/platform.git"
    branch         = "main"
  }
}
