"""Package the chart so that the same content always gives the same bytes."""

from scripts.chart.package.archive import PackageError, package

__all__ = ["PackageError", "package"]
