"""Journeys are a package: their browser and their server end with the last of them."""
