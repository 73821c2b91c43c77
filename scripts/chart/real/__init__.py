"""Charts that nobody here wrote, through the harness, the schemas and the lint."""
