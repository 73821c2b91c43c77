"""A real forge for the tests and the demo: Gitea, as a process on this machine, and its API as tests use it."""
