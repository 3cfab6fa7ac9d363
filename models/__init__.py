"""The Transformer, to be read: config, taps, positions, attention, blocks, whole models.

Read in this order: `tap.py` (how a value is watched), `positions.py`, `attention.py`, `transformer.py`.
Nothing here knows about training, files or pictures. Importing this package does not import torch:
`models.config` is plain data, the rest is imported where it is used.
"""
