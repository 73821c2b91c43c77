"""Render the chart and keep the result as snapshots, one file an object."""
