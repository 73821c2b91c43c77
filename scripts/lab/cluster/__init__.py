"""The local Kubernetes: a real single-node cluster of host processes, brought up and down by pid."""
