terraform import gitops_product_version.nextcloud_1 main:nextcloud/1.2.3
