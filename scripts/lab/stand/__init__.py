"""A prepared cluster: the forge, S3, CI, the installed release, and what is seen of its runs."""
