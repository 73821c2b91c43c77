"""Argo CD on the local cluster as its user sees it: the repository it reads, the Applications it keeps in step."""
