"""Translating: an answer beside its source, what if it were another, and how good answers are."""
