"""CloudWatch: metrics, alarms that change state, dashboards."""
