"""The optimizers page's parts: races, tuning, surfaces, what is inside an optimizer.

Each section is a module with `show(view)`.
"""
