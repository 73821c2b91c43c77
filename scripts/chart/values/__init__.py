"""values.yaml read whole, comments, rules and defaults; the values.schema.json and the README that are made from it."""
