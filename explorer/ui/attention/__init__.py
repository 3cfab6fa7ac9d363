"""The attention page's parts: the overview of all heads, and what looks closer at one of them.

    input ─> attention.patterns (a looker) ─> overview ─> Look: what is chosen ─> one section

Each section is a module with `show(look)`.
"""
