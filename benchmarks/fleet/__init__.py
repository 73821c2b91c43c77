"""A thousand previews at once, on nodes that KWOK plays: what our processes and the API server need for them."""
