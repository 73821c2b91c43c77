"""Plugins of all tests."""

pytest_plugins = ["scripts.render.plugin"]
