"""All randomness of a run: a generator for each purpose and step, derived from the seed.

Since step t's batch depends on (seed, t) alone, no random state is saved: a run goes on from any step, and branches see
their parent's batches.
"""

from __future__ import annotations

import hashlib

import torch


def stream(seed: int, purpose: str, step: int = 0, part: int = 0, device: str = "cpu") -> torch.Generator:
    """The generator of one purpose (weights, batch, dropout, …) at one step of the run with this seed."""
    name = f"{seed}/{purpose}/{step}/{part}".encode()
    number = int.from_bytes(hashlib.blake2b(name, digest_size=4).digest())  # the engine keeps 32 bits
    return torch.Generator(device=device).manual_seed(number)
