terraform import gitops_env_file.shop /srv/shop/.env
