"""What every house of the runtime stands on: errors, log lines, the API server, git."""
