import {
  to = gitops_product_version.nextcloud_1

  identity = {
    product        = "nextcloud"
    version        = "1.2.3"
    repository_url = "https://git.example.com/acme/platform.git"
    branch         = "main"
  }
}
