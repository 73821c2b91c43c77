"""The reference coderun-template: check out, let an untrusted agent work, publish what it made."""
