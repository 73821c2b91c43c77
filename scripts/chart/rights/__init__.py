"""What an identity can become: through pods, DocsRuns, tokens and bindings that it may make, not only what it holds."""
