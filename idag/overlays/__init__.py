"""The Kustomize overlays: build them, and keep their rendered variant fresh."""
