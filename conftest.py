"""Plugins of all tests."""

pytest_plugins = ["scripts.chart.render.plugin"]
