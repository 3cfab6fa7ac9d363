"""The gradients page's parts: what was recorded, and what looks closer at one step.

Each section is a module with `show(view)`.
"""
