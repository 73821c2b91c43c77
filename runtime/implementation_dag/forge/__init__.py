"""The forge (GitHub, Gitea): what it says of pull requests, and what it is told of their runs."""
