import {
  to = gitops_product_version.nextcloud_1
  id = "main:nextcloud/1.2.3"
}
