"""A release in somebody's cluster: how it is reached, its runs, previews, evidence and logs."""
