"""What runs inside a DocsRun: helm, as the one identity that may deploy into the preview."""
