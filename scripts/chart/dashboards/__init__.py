"""Grafana's dashboards of the chart: what each shows is said here, and made into JSON by Grafana's own SDK."""
