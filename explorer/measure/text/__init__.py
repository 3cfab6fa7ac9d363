"""Answers as text, and what of the source they translate."""
