"""What heads do over a whole run: their scores at every snapshot. H heads, n length of a repeated sequence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn

from explorer.device import numerics
from explorer.interventions import repeat_patterns, repeated
from explorer.measure import attention
from explorer.measure.heads import SCORES
from explorer.randomness import stream
from explorer.runs.answer import Answer
from explorer.runs.replay import restore
from explorer.runs.views import snapshots
from explorer.runs.views.restored import Progress, opened
from explorer.trace import observe
from explorer.training import Training

ROWS = 8  # repeated sequences
LONGEST = 16  # tokens of one before it is repeated
SHORTEST = 3


def history(path: str, step: int, progress: Progress = None) -> Answer:
    """The scores of every self-attention head at the snapshots until `step`.

    Arrays: steps (N,), and each score by name, (N, H). plain: heads by name, chance by score and head, n the
    length of the sequence that was said twice, 0 where the task's inputs are too short to repeat one.
    """
    scorer = scorer_of(path)
    steps, values = snapshots.history(path, step, "heads", scorer.score, progress)
    values = values.reshape(len(steps), len(scorer.names), len(scorer.heads))
    arrays = {"steps": steps} | dict(zip(scorer.names, values.transpose(1, 0, 2), strict=True))
    n = scorer.repeats.n if scorer.repeats else 0
    return {"step": step, "heads": scorer.heads, "chance": scorer.chance, "n": n}, arrays


@dataclass(frozen=True)
class Repeats:
    """What self-attention heads are scored on besides the input: random sequences of n tokens, said twice.

    tokens (ROWS, 2n), the same at every step of every run of this task.   bidirectional: no head is causal.
    """

    n: int
    tokens: Tensor
    bidirectional: bool

    @classmethod
    def of(cls, training: Training) -> Repeats | None:
        """None where the task's inputs are too short to repeat anything."""
        vocabulary, model = training.task.vocabulary, training.config.transformer
        n = min(LONGEST, min(training.task.length, model.context) // 2)
        if n < SHORTEST:
            return None
        hidden = [] if vocabulary.pad is None else [vocabulary.pad]
        tokens = repeated(len(vocabulary), n, ROWS, stream(0, "repeated"), hidden)
        return cls(n, tokens.to(training.device), model.kind == "encoder")

    def scores(self, model: nn.Module) -> dict[str, dict[str, np.ndarray]]:
        """By the path of each self-attention, each score of its heads, (H,)."""
        found = repeat_patterns(model, self.tokens)
        return {
            path: {name: score.measure(patterns, self.n) for name, score in SCORES.items()}
            for path, patterns in found.items()
        }

    def chance(self, path: str) -> dict[str, float]:
        """What a head that spreads evenly scores in an attention."""
        causal = not self.bidirectional and not path.startswith("encoder.")
        return {name: score.chance(self.n, causal) for name, score in SCORES.items()}


class Scorer:
    """Scores one run's self-attention heads: the model is built once, then only weights change."""

    def __init__(self, path: str):
        self.run = opened(path)
        self.training = restore(self.run, 0)
        self.training.model.eval()
        self.repeats = Repeats.of(self.training)
        self.probe = self.training.task.probe().to(self.training.device)
        own = {p: a.heads for p, a in self.training.heads.attentions.items() if p.endswith(".attention")}
        self.heads = [f"{p}.{h}" for p, count in own.items() for h in range(count)]
        self.names = [*(SCORES if self.repeats else ()), "line", "entropy"]
        self.chance: dict[str, list[float]] = {}
        if self.repeats is not None:
            for name in SCORES:
                self.chance[name] = [self.repeats.chance(p)[name] for p, count in own.items() for _ in range(count)]

    def score(self, step: int) -> np.ndarray | None:
        """Every score of every head at a snapshot, (scores, H); None where it was thinned away."""
        snapshot = self.run.snapshot(step)
        if snapshot is None:
            return None
        with torch.no_grad():
            for name, weight in safetensors.torch.load(snapshot.weights).items():
                self.training.named[name].copy_(weight)
        heads = self.training.heads
        for head in sorted(heads.ablated):
            heads.change("restore", head, 0, step)
        for event in self.run.events:
            if event.id <= snapshot.event and event.kind in ("ablate", "restore"):
                heads.change(event.kind, event.detail["head"], 0, step)
        with numerics(self.training.config):
            return np.stack([*self.on_repeats(), *self.on_probe()])

    def on_repeats(self) -> list[np.ndarray]:
        """SCORES of all heads, each (H,); none where nothing can be repeated."""
        if self.repeats is None:
            return []
        found = self.repeats.scores(self.training.model).values()
        return [np.concatenate([scores[name] for scores in found]) for name in SCORES]

    def on_probe(self) -> list[np.ndarray]:
        """Clearest line and entropy of all heads, each (H,)."""
        trace = observe(
            self.training.model, self.probe, gradients=False, wanted=lambda name: name.endswith(".attention.pattern")
        )
        patterns = [value[0] for value in trace.values.values()]
        lines = [attention.line(head).score for pattern in patterns for head in pattern]
        return [np.array(lines), np.concatenate([attention.entropy(pattern) for pattern in patterns])]


@lru_cache(maxsize=4)
def scorer_of(path: str) -> Scorer:
    """A run's scorer, kept."""
    return Scorer(path)
