"""Runs: the file of weights over time, its writers and its readers.

file (the format) <- recorder (writes) and run (reads) <- replay (any step, exactly)
"""
