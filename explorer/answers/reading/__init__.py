"""Answers about models that read both ways: gaps of a text."""
