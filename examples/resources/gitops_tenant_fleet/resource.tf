resource "gitops_tenant_fleet" "shops" {
  kubernetes = gitops_cluster.dev.kubernetes
  git        = { url = "https://git.example.com/acme/platform.git", branch = "main" }
  name       = "shops"

  tenants = {
    for id, shop in {
      acme    = { tier = "beta", greeting = "Hello from acme" }
      globex  = { tier = "stable", greeting = "Welcome" }
      initech = { tier = "stable", greeting = "Good morning" }
      } : id => {
      tier   = shop.tier
      chart  = { path = "charts/tenant" }
      values = { greeting = shop.greeting }
    }
  }

  # Stable tenants are in a project of their own, whose sync windows say when they change.
  tier_projects = { stable = "shops-stable" }

  # What changes goes to the beta tenants first, then to a tenth of the stable ones, then to the rest of them.
  waves = { tiers = ["beta", "stable"], canary = 10 }
}
