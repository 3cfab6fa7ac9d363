"""Translating: how good answers are, which part of the source each part is about, and what if it were another."""
