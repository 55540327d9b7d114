import {
  to = gitops_env_file.shop

  identity = {
    path = "/srv/shop/.env"
  }
}
