"""Check a cluster for what the chart needs, and say what to do; nothing is changed."""
