"""The chart's README, made from values.yaml (comments, defaults) and values.schema.json (types, what is allowed)."""
