"""From environment to environment: overlays, promotion, retention."""
