"""Runs: the file of weights over time, whoever fills it, and whoever reads it.

file (the format) <- recorder (writes) and run (reads) <- replay (any step, exactly)
host (a process) -> worker (trains one run) and looker (computes one picture); client talks to the host.
"""
