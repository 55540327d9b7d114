variable "shop_db_password" {
  description = "Read from the environment or a vault; it is never stored."
  type        = string
  ephemeral   = true
  sensitive   = true
}

# Beside a docker-compose.yml, which reads it by itself.
resource "gitops_env_file" "shop" {
  path = "${path.module}/.env"

  # A missing or empty one fails the plan, before anything is written.
  required_keys = ["DB_PASSWORD"]

  data_wo = {
    APP_PORT    = "8080"
    DB_USER     = "shop"
    DB_PASSWORD = var.shop_db_password
  }
}
