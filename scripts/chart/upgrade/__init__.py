"""What would go wrong when a release of one chart is upgraded to another."""

from scripts.chart.upgrade.compare import problems

__all__ = ["problems"]
