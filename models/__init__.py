"""The models, to be read: config, taps, positions, attention, blocks, cells, whole models.

Read in this order: `tap.py` (how a value is watched), `positions.py`, `attention.py`, `transformer.py`; then
`recurrent.py`, what there was before attention. Which families of models there are, and which parts each has, stands in
`families.py`.
`fast` trains the Transformer and word vectors: the same mathematics with the backward pass written out.
Nothing here knows about training, files or pictures. Importing this package does not import torch:
`models.config` and `models.families` are plain data, the rest is imported where it is used.
"""
