import {
  to = gitops_env_file.shop
  id = "/srv/shop/.env"
}
