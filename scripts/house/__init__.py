"""What keeps the house in order, counted: cost of a change, broken layers, modules without a test, doubled limits."""
