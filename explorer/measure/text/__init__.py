"""Answers as text, what of the source they translate; what words and secrets of a text a model has taken over."""
