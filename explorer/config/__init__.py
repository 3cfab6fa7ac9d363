"""A run's config: plain data, without torch."""
