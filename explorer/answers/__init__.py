"""Answers: pure functions of (weights at a step, an input), computed in a looker.

Each returns a record, see `explorer/answers/records`. A page asks for the kind, such as `AttentionMaps`.
"""
