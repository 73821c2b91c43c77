"""The facts that chart, runtime and tools share, each written once."""
