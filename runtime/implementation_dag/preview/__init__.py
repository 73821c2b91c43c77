"""A preview: its objects, where it answers, what runs in it."""
