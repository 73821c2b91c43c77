"""A prepared cluster: git host, S3, CI, the installed release, and what is seen of its runs."""
