"""The reference coderun-template: an agent works in a box of its own, and clean hands publish what it leaves."""
