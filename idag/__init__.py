"""The operator's command: what an installation needs from outside, installable by itself (`pipx install`)."""
