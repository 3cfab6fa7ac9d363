"""Processes: the server's client, the host, and the children that train and compute pictures."""
