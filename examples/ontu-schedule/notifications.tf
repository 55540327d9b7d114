# One message for each deployment, and one for each sync that failed, as JSON.

locals {
  events = {
    deployed = {
      when     = "app.status.operationState.phase in ['Succeeded'] and app.status.health.status == 'Healthy'"
      once_per = "app.status.operationState.syncResult.revision"
    }

    sync-failed = {
      when     = "app.status.operationState.phase in ['Error', 'Failed']"
      once_per = "app.status.operationState.startedAt"
    }
  }

  notifications = var.notification_url == null ? {} : merge(
    {
      "service.webhook.sink" = yamlencode({
        url     = var.notification_url
        headers = [{ name = "Content-Type", value = "application/json" }]
      })
    },
    {
      for event, _ in local.events : "template.${event}" => yamlencode({
        webhook = {
          sink = {
            method = "POST"
            body   = "{\"event\": \"${event}\", \"application\": {{ .app.metadata.name | toJson }}, \"message\": {{ .app.status.operationState.message | toJson }}}"
          }
        }
      })
    },
    {
      for event, of in local.events :
      "trigger.on-${event}" => yamlencode([{ when = of.when, oncePer = of.once_per, send = [event] }])
    },
  )

  # Who takes part: annotations of an Application.
  subscriptions = {
    for event, _ in local.events : "notifications.argoproj.io/subscribe.on-${event}.sink" => ""
    if var.notification_url != null
  }
}
