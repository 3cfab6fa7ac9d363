"""Reach: longer inputs, shuffled positions, and how far heads look.

B batch, T position, H heads of all layers, Q query, K key.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from explorer.analysis.positions import lengthened, longer, shuffled
from explorer.answers.records.reach import Distances, Reach, Shuffle, Stretch
from explorer.config.encodings import ENCODINGS
from explorer.config.run import RunConfig
from explorer.measure import attention
from explorer.measure import positions as measure
from explorer.runs.restored import Progress, tokens_of, training_at
from explorer.tasks import build
from explorer.tasks.base import IGNORE, Batch
from explorer.trace import Trace, observe
from explorer.training.device import numerics
from explorer.training.loop import Training

NEEDS = ("positions", "attention heads", "logits")  # parts of the model
TIMES = (1, 2, 4)  # the trained length
EXAMPLES, TOKENS = 64, 8192  # of a length: examples at most, fewer if they have more tokens together
FEWEST = 8
OWN = 16  # examples of the probe for shuffling and distances


def lengths(path: str, step: int, progress: Progress = None) -> Reach:
    """The weights on sequences TIMES as long as those trained on, the same at every step of every run."""
    training = training_at(path, step, progress, needs=NEEDS)
    stretches = []
    for times in TIMES:
        try:
            stretches.append(at_length(training, times))
        except ValueError as error:
            stretches.append(Stretch(times, refused=str(error)))
    model = training.config.model
    trained = training.task.length
    learned = ENCODINGS[model.positions].learned and trained < model.context
    untrained = (trained, model.context - 1) if learned else None
    return Reach(step, model.positions, trained, untrained, stretches)


def at_length(training: Training, times: int) -> Stretch:
    """The share right at a multiple of the trained length, in total and by position."""
    config: RunConfig = training.config if times == 1 else longer(training.config, times)
    task = training.task if times == 1 else build(config.task, config.model)
    model = training.model if times == 1 else lengthened(training.model, training.config.model, config.model.context)
    examples = max(FEWEST, min(EXAMPLES, TOKENS // task.length))
    batch = task.probe(examples).to(training.device)
    seen, predicted, right = answers(training, model, batch)
    return Stretch(
        times=times,
        tokens=batch.tokens.shape[1],
        examples=examples,
        answers=int(predicted.sum()),
        right=float(right.sum() / predicted.sum()),
        loss=seen.loss,
        chance=task.chance,
        right_by_position=measure.right_by_position(right, predicted),
    )


def answers(training: Training, model: nn.Module, batch: Batch) -> tuple[Trace, np.ndarray, np.ndarray]:
    """A model's patterns and logits on a batch, and masks (B, T) of the predicted and the right ones."""
    with numerics(training.config):
        seen = observe(
            model, batch, gradients=False, wanted=lambda name: name == "logits" or name.endswith(".attention.pattern")
        )
    predicted = seen.targets != IGNORE
    return seen, predicted, predicted & (seen.values["logits"].argmax(-1) == seen.targets)


def distances(path: str, step: int, progress: Progress = None) -> Distances:
    """How much each self-attention head attends to which distance, on the probe and OWN − 1 others like it.

    In a model with an encoder and a decoder, the decoder's heads.
    """
    training = training_at(path, step, progress, needs=NEEDS)
    seen, _, _ = answers(training, training.model, training.task.probe(OWN).to(training.device))
    patterns = self_attention_patterns(seen)
    causal = training.config.model.causal(next(iter(patterns)))
    of_layers = [measure.by_distance(pattern, causal) for pattern in patterns.values()]
    apart, pairs = of_layers[0][:2]
    means = np.concatenate([means for _, _, means in of_layers])
    open_to = np.ones_like(next(iter(patterns.values()))[0, :1])  # (1, T, T)
    even = attention.even(np.tril(open_to) if causal else open_to)
    return Distances(
        step=step,
        heads=named(patterns),
        examples=OWN,
        causal=causal,
        distances=apart,
        pairs=pairs,
        mean=means,
        even=measure.by_distance(even[None], causal)[2][0],
        centre=measure.centre(apart, pairs, means),
    )


def self_attention_patterns(seen: Trace) -> dict[str, np.ndarray]:
    """Self-attention patterns (B, H, T, T) by the path of their attention: the decoder's if there are two stacks."""
    both = {name.removesuffix(".pattern"): value for name, value in seen.values.items() if name != "logits"}
    decoder = {name: value for name, value in both.items() if name.startswith("decoder.")}
    return decoder or both


def named(patterns: dict[str, np.ndarray]) -> list[str]:
    """Every head by its name."""
    return [f"{path}.{h}" for path, pattern in patterns.items() for h in range(pattern.shape[1])]


@torch.no_grad()
def shuffle(
    path: str, step: int, share: float = 1.0, seed: int = 0, head: str = "", progress: Progress = None
) -> Shuffle:
    """The probe and OWN − 1 others like it, read as it is and with a share of the positions shuffled in a copy.

    head: whose attention is shown, by its name; where there is none such, that of the head that moved most.
    """
    training = training_at(path, step, progress, needs=NEEDS)
    batch = training.task.probe(OWN).to(training.device)
    confused, orders = shuffled(training.model, batch, share, seed)
    (one, predicted, right), (two, _, still) = (answers(training, m, batch) for m in (training.model, confused))
    before, after = self_attention_patterns(one), self_attention_patterns(two)
    moved = [attention.moved(a[0], b[0]) for a, b in zip(before.values(), after.values(), strict=True)]
    heads = named(before)
    at = heads.index(head) if head in heads else int(np.argmax(np.concatenate(moved)))
    shown, number = heads[at].rsplit(".", 1)
    tokens = tokens_of(training, batch)
    assert tokens["tokens"] is not None
    return Shuffle(
        step=step,
        positions=training.config.model.positions,
        share=share,
        seed=seed,
        heads=heads,
        head=heads[at],
        loss=(one.loss, two.loss),
        right=(float(right.sum() / predicted.sum()), float(still.sum() / predicted.sum())),
        answers=int(predicted.sum()),
        chance=training.task.chance,
        examples=OWN,
        order=list(orders.values())[-1].tolist(),
        tokens=tokens["tokens"],
        source=tokens["source"],
        targets=in_words(training, np.where(predicted[0], one.targets[0], 0), predicted[0]),
        output=in_words(training, one.values["logits"][0].argmax(-1), predicted[0]),
        output_after=in_words(training, two.values["logits"][0].argmax(-1), predicted[0]),
        right_before=measure.right_by_position(right, predicted),
        right_after=measure.right_by_position(still, predicted),
        before=before[shown][0][int(number)],
        after=after[shown][0][int(number)],
        moved=np.concatenate(moved),
    )


def in_words(training: Training, tokens: np.ndarray, predicted: np.ndarray) -> list[str]:
    """Tokens (T,) as text, "" where none is predicted."""
    show = training.task.vocabulary.show
    return [word if there else "" for word, there in zip(show(tokens.tolist()), predicted, strict=True)]
