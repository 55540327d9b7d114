import {
  to = gitops_files.policies
  id = "main:policies:.github/CODEOWNERS:policies/limits.yaml"
}
