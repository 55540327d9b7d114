terraform import gitops_sops_file.shop main:secrets/shop.yaml
