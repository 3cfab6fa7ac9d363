"""Word vectors on Shakespeare's plays, on one thread: pairs a second, and what they know after a while.

- *pairs*: of 300 steps of each preset, the loop alone; each pair is scored with its true word and five of noise, or is
  one count of GloVe's.
- *kin*: of the members of FAMILIES, the share that has another member of its family among its ten nearest of 2,000
  words, at the end of the preset's 8,000 steps or after 30 seconds, half of the minute that it may take. Vectors that
  know nothing have 2 %: each has about four relatives among 1,999 others, and ten chances.

The corpus is in words before the clock starts, as it is when a card is clicked.
"""

from __future__ import annotations

import time
from itertools import islice

import torch

from benchmarks.dashboard import new_home
from benchmarks.figure import Figure, Figures
from explorer import RunConfig, train
from explorer.measure.words import nearest
from explorer.training.loop import Training

SECONDS, NEAREST, WARM, TIMED = 30, 10, 30, 300
KINDS = ("skip-gram", "cbow", "glove")
FAMILIES = (
    "king queen prince duke lord",
    "thou thee thy thine thyself",
    "father mother son daughter brother sister",
    "he him his himself",
    "day night morning morrow",
    "eyes face lips hand head",
    "sword blood death wounds",
    "rome caesar brutus antony",
    "hear speak tell say",
    "two three four five ten",
    "will shall would should",
    "husband wife",
)


def figures() -> Figures:
    """All of them."""
    torch.set_num_threads(1)
    with new_home():
        for kind in KINDS:
            training = train(RunConfig.preset(f"words-{kind}"))
            yield Figure(f"words: {kind}, pairs on one thread", "≥ 50000", "pairs/s", [speed(training)])
        for kind in KINDS:
            training = train(RunConfig.preset(f"words-{kind}"))
            seconds = learned(training)
            yield Figure(f"words: {kind}, kin among the ten nearest", "≥ 0.6", "of members", [kin(training)])
            yield Figure(f"words: {kind}, time that took", "≤ 60", "s", [seconds])


def speed(training: Training) -> float:
    """Pairs a second."""
    list(islice(training, WARM))
    start = time.perf_counter()
    list(islice(training, TIMED))
    return TIMED * training.config.train.batch / (time.perf_counter() - start)


def learned(training: Training) -> float:
    """Trains to the end, or as long as there is time; gives the seconds."""
    start = time.perf_counter()
    for _ in training:
        if time.perf_counter() - start > SECONDS:
            break
    return time.perf_counter() - start


def kin(training: Training) -> float:
    """The share of the members of all families that have another member among their nearest."""
    symbols = training.task.vocabulary.symbols
    vectors = training.weights()["embedding.weight"].numpy()
    found = []
    for family in FAMILIES:
        members = {symbols.index(word) for word in family.split()}
        for member in members:
            order, _ = nearest(vectors, vectors[member], NEAREST, [member])
            found.append(bool(members & set(order.tolist())))
    return sum(found) / len(found)
