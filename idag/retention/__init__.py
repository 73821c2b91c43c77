"""S3 lifecycle rules of a release's evidence and logs: computed from its manifest, applied to its bucket."""

from idag.retention.errors import RetentionError

__all__ = ["RetentionError"]
