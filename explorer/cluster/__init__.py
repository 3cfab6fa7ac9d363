"""Cluster: trains trials and races on the machines of a Ray cluster. Each run keeps its run file on this machine.

host ─> child ──(its runs)──> bridge ══ Ray ══> actor: the same worker or trial, on another machine
          child <─(what is new)─ bridge <══════════ reads the files that it writes

The child takes the place of the process that would train here. It holds the run files and writes the actor's news into
them, so pages need not know. Only the bridge, one per host, loads Ray. Nothing of this package runs unless
EXPLORER_RAY_ADDRESS is set.
"""
