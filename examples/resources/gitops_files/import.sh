terraform import gitops_files.policies main:policies:.github/CODEOWNERS:policies/limits.yaml
