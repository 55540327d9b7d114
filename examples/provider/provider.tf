terraform {
  required_providers {
    gitops = {
      source = "registry.terraform.io/gitops-rs/gitops"
    }
  }
}

variable "git_token" {
  description = "Token that may push to the platform repository."
  type        = string
  ephemeral   = true
  sensitive   = true
}

# Credentials are given here and nowhere else; they are not stored.
provider "gitops" {
  git = {
    author_name  = "Platform"
    author_email = "platform@example.com"

    credentials = {
      "https://git.example.com/acme/" = { token = var.git_token }
    }
  }
}
