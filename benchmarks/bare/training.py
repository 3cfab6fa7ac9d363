"""The bare page's training: a Transformer of two layers that learns to copy, in one thread.

    python benchmarks/bare/training.py FILE PAGE

It waits until the page says go, and ends with the page. FILE: float64 numbers, see the names below.   PAGE: the pid of
its server, which may end while torch is still imported here.
"""

from __future__ import annotations

import os
import sys
import time

import numpy as np
import torch
from torch import nn

GOING, COUNT, RATE, LOSSES = 0, 1, 2, 3  # where they stand in the file; the losses to its end, as a ring
SHOWN = 200
BATCH, TOKENS, SYMBOLS, WIDTH = 64, 32, 28, 64


def main(path: str, page: int) -> None:
    torch.set_num_threads(1)
    shared = np.memmap(path, "f8", "r+")
    layer = nn.TransformerEncoderLayer(WIDTH, 4, 4 * WIDTH, 0.0, "gelu", batch_first=True, norm_first=True)
    model = nn.Sequential(nn.Embedding(SYMBOLS, WIDTH), nn.TransformerEncoder(layer, 2), nn.Linear(WIDTH, SYMBOLS))
    optimizer = torch.optim.AdamW(model.parameters(), lr=shared[RATE])
    while os.getppid() == page:
        if not shared[GOING]:
            time.sleep(0.005)
            continue
        optimizer.param_groups[0]["lr"] = shared[RATE]
        tokens = torch.randint(SYMBOLS, (BATCH, TOKENS))
        loss = nn.functional.cross_entropy(model(tokens).flatten(0, 1), tokens.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        shared[LOSSES + int(shared[COUNT]) % SHOWN] = loss.item()
        shared[COUNT] += 1


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
