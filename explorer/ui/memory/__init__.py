"""Memory: what a prediction still has of the past."""
