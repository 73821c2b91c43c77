"""Prometheus and Alertmanager as processes of this machine, with the rules that the chart renders."""
