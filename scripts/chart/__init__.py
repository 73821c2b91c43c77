"""Tools for the chart: render tests, coverage, lint, schemas, rights, package."""
