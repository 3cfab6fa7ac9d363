"""What positions are worth: longer inputs, shuffled positions, and how far heads look.

B batch, T position, H heads of all layers, Q query, K key.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from explorer.config import RunConfig
from explorer.device import numerics
from explorer.measure import attention
from explorer.measure import positions as measure
from explorer.repositioning import lengthened, longer, shuffled
from explorer.runs.answer import Answer
from explorer.runs.views.restored import Progress, tokens_of, training_at
from explorer.tasks import build
from explorer.tasks.base import IGNORE, Batch
from explorer.trace import Trace, observe
from explorer.training import Training

TIMES = (1, 2, 4)  # the trained length
EXAMPLES, TOKENS = 64, 8192  # of a length: so many examples, fewer where they have more tokens together
FEWEST = 8
OWN = 16  # examples of the probe that shuffling and distances are measured on


def lengths(path: str, step: int, progress: Progress = None) -> Answer:
    """How the weights do on sequences that are TIMES as long as those trained on, the same at every step of every run.

    plain: step, positions, trained: tokens of a training sequence; rows: of each length its times, tokens, examples,
    right, loss and chance; or refused, why it cannot be. untrained: positions of a learned table that training never
    shows. Arrays: `right.<times>` (T,), the share right at each position, NaN where nothing is asked.
    """
    training = training_at(path, step, progress)
    rows: list[dict[str, Any]] = []
    arrays = {}
    for times in TIMES:
        try:
            row, right = at_length(training, times)
        except ValueError as error:
            row = {"times": times, "refused": str(error)}
        else:
            arrays[f"right.{times}"] = right
        rows.append(row)
    model = training.config.transformer
    trained = training.task.length
    learned = model.positions == "learned" and trained < model.context
    plain = {
        "step": step,
        "positions": model.positions,
        "trained": trained,
        "untrained": [trained, model.context - 1] if learned else None,
        "rows": rows,
    }
    return plain, arrays


def at_length(training: Training, times: int) -> tuple[dict[str, Any], np.ndarray]:
    """The share right at a multiple of the trained length, in all and by position."""
    config: RunConfig = training.config if times == 1 else longer(training.config, times)
    task = training.task if times == 1 else build(config.task, config.model)
    model = (
        training.model
        if times == 1
        else lengthened(training.model, training.config.transformer, config.transformer.context)
    )
    examples = max(FEWEST, min(EXAMPLES, TOKENS // task.length))
    batch = task.probe(examples).to(training.device)
    seen, asked, right = answers(training, model, batch)
    row = {
        "times": times,
        "tokens": batch.tokens.shape[1],
        "examples": examples,
        "right": float(right.sum() / asked.sum()),
        "loss": seen.loss,
        "chance": task.chance,
    }
    return row, measure.right_by_position(right, asked)


def answers(training: Training, model: nn.Module, batch: Batch) -> tuple[Trace, np.ndarray, np.ndarray]:
    """What a model says to a batch: its patterns and logits, and masks (B, T) of what is asked and what right."""
    with numerics(training.config):
        seen = observe(
            model, batch, gradients=False, wanted=lambda name: name == "logits" or name.endswith(".attention.pattern")
        )
    asked = seen.targets != IGNORE
    return seen, asked, asked & (seen.values["logits"].argmax(-1) == seen.targets)


def distances(path: str, step: int, progress: Progress = None) -> Answer:
    """How much each self-attention head looks how far, on the probe and OWN − 1 others like it.

    Of a model with an encoder and a decoder the decoder's. plain: heads by name, examples, causal. Arrays: distances,
    pairs (n,), mean (H, n), even (n,): what a head that spreads evenly over what it may see gives, centre (H,).
    """
    training = training_at(path, step, progress)
    seen, _, _ = answers(training, training.model, training.task.probe(OWN).to(training.device))
    patterns = own_patterns(seen)
    causal = training.config.model.kind != "encoder" and training.config.transformer.mask == "causal"
    found = [measure.by_distance(pattern, causal) for pattern in patterns.values()]
    apart, pairs = found[0][:2]
    means = np.concatenate([means for _, _, means in found])
    plain = {"step": step, "heads": named(patterns), "examples": OWN, "causal": causal}
    open_to = np.ones_like(next(iter(patterns.values()))[0, :1])  # (1, T, T)
    even = attention.even(np.tril(open_to) if causal else open_to)
    arrays = {"distances": apart, "pairs": pairs, "mean": means, "centre": measure.centre(apart, pairs, means)}
    return plain, arrays | {"even": measure.by_distance(even[None], causal)[2][0]}


def own_patterns(seen: Trace) -> dict[str, np.ndarray]:
    """Self-attention patterns (B, H, T, T) by the path of their attention: the decoder's where there are two stacks."""
    both = {name.removesuffix(".pattern"): value for name, value in seen.values.items() if name != "logits"}
    decoder = {name: value for name, value in both.items() if name.startswith("decoder.")}
    return decoder or both


def named(patterns: dict[str, np.ndarray]) -> list[str]:
    """Every head by its name."""
    return [f"{path}.{h}" for path, pattern in patterns.items() for h in range(pattern.shape[1])]


@torch.no_grad()
def shuffle(path: str, step: int, share: float = 1.0, seed: int = 0, progress: Progress = None) -> Answer:
    """The probe and OWN − 1 others like it, read as it is and with a share of the positions shuffled in a copy.

    plain: step, positions, share, seed, heads by name, loss and right before and after, chance, examples;
    order: what each position counts as; tokens, and of the first example the targets and what is said before and
    after, as text, "" where nothing is asked. Arrays: right_before, right_after (T,); before, after (H, Q, K): the
    self-attention on the first example; moved (H,): the share of attention that went elsewhere.
    """
    training = training_at(path, step, progress)
    batch = training.task.probe(OWN).to(training.device)
    confused, orders = shuffled(training.model, batch, share, seed)
    (one, asked, right), (two, _, still) = (answers(training, m, batch) for m in (training.model, confused))
    before, after = own_patterns(one), own_patterns(two)
    first = {"before": np.concatenate([p[0] for p in before.values()])}
    first["after"] = np.concatenate([p[0] for p in after.values()])
    said = {
        "targets": in_words(training, np.where(asked[0], one.targets[0], 0), asked[0]),
        "said": in_words(training, one.values["logits"][0].argmax(-1), asked[0]),
        "said_after": in_words(training, two.values["logits"][0].argmax(-1), asked[0]),
    }
    plain = {
        "step": step,
        "positions": training.config.transformer.positions,
        "share": share,
        "seed": seed,
        "heads": named(before),
        "loss": [one.loss, two.loss],
        "right": [float(r.sum() / asked.sum()) for r in (right, still)],
        "chance": training.task.chance,
        "examples": OWN,
        "order": list(orders.values())[-1].tolist(),
    }
    arrays = {
        name: measure.right_by_position(r, asked) for name, r in (("right_before", right), ("right_after", still))
    }
    moved = np.concatenate([attention.moved(a[0], b[0]) for a, b in zip(before.values(), after.values(), strict=True)])
    return plain | said | tokens_of(training, batch), arrays | first | {"moved": moved}


def in_words(training: Training, tokens: np.ndarray, asked: np.ndarray) -> list[str]:
    """Tokens (T,) as text, "" where nothing is asked."""
    show = training.task.vocabulary.show
    return [word if there else "" for word, there in zip(show(tokens.tolist()), asked, strict=True)]
