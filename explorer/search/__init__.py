"""Search: many runs that look for good settings.

    space -> search file -> driver -> trials (ordinary run files) -> ledger -> pages

The search's own file holds what was decided; everything that happened stands in the trials' runs. So
whatever process is killed, what was found is there, and the search goes on to the same trials.
"""
