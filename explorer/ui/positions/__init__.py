"""The positions page's parts: encodings seen, waves, a rotation, positions shuffled, five encodings on a bench.

Each section is a module with `show(view)`; view is None where there is no run.
"""
