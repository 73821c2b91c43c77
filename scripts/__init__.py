"""Tooling of implementation-dag: pinned tools, the local cluster, images, render tests and the demo."""
