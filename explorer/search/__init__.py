"""Search: many runs that look for good settings.

space -> search file -> driver -> trials (ordinary run files) -> ledger -> pages

The search's own file holds what was decided; all results stand in the trials' runs. So whichever process is killed, the
results stay, and the search goes on to the same trials.
"""
