"""Cluster: trials and races trained on the machines of a Ray cluster, each in the run file that it has here.

    host ─> child ──(its runs)──> bridge ══ Ray ══> actor: the very worker or trial, on another machine
            child <─(what is new)─ bridge <══════════ reads the files that it writes

The child is what trains on this machine otherwise: it holds the run files and writes into them what the
actor's copies have come to, so that every page works as ever. One bridge a host speaks with Ray; no other
process loads it. Only with EXPLORER_RAY_ADDRESS set is anything of this package used.
"""
