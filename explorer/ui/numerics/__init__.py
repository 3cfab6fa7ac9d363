"""The numbers page's parts: each a kind of arithmetic that a format of few bits can break.

Each section is a module with `show(view)`; view is None where there is no run.
"""
