"""What is seen of every attention in one pass over an input, kept for what is asked of it next.

H heads, Q query, K key, T position, D channels a head.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from explorer.answers.attention import blocks
from explorer.answers.records.attention import Flow
from explorer.measure import attention as measure
from explorer.runs.kept import kept
from explorer.runs.restored import Progress, chosen_input, opened, training_at
from explorer.tasks.base import Batch
from explorer.trace import Trace, observe
from explorer.training.device import numerics
from explorer.training.loop import Training
from models.attention import patterned

NEEDS = ("attention",)  # parts of the model
WATCHED = (".pattern", ".scores", ".values", ".head_out")
DERIVED = (".pattern", ".head_out")  # whose gradients are looked at
LONG = 64  # tokens: of an input no longer than this every number is shown
MESSAGE = 1_000_000  # bytes of numbers that a message may hold besides
MEANS = 100_000  # means of one kind in a message, 0.4 MB
MOST = 64_000_000  # pairs of tokens, over all heads: four numbers of each take a gigabyte here
KEPT = 2  # the step that is shown, and the one that is made meanwhile
EDGE = 0.01  # the least weight, as a share of the largest possible, that is drawn as an edge


@dataclass(frozen=True)
class Look:
    """What one pass shows. targets: how many tokens are asked.   sizes: ‖v W_O‖ of each key, (H, K) by path.

    causal: whether an attention hides what comes after a query, by path.
    """

    trace: Trace
    batch: Batch
    targets: int
    sizes: dict[str, np.ndarray]
    causal: dict[str, bool]

    def pattern(self, path: str) -> np.ndarray:
        """Probabilities, (H, Q, K)."""
        return self.trace.values[f"{path}.pattern"][0]

    @property
    def patterns(self) -> dict[str, np.ndarray]:
        """Of every attention, by path, in the model's order."""
        return {path: self.pattern(path) for path in self.sizes}

    def head(self, name: str) -> tuple[str, int]:
        """Path and number of a head by its name, such as blocks.1.attention.2. ValueError if there is none."""
        path, _, number = name.rpartition(".")
        if path not in self.sizes or not number.isdecimal() or int(number) >= len(self.sizes[path]):
            last = f"{list(self.sizes)[-1]}.{len(list(self.sizes.values())[-1]) - 1}"
            raise ValueError(f"head={name} is none of this model’s; the last is {last}")
        return path, int(number)

    def kinds(self, path: str) -> dict[str, Any]:
        """Every kind of number of an attention, (H, Q, K); the gradient is None where nothing is asked."""
        return {
            "pattern": self.pattern(path),
            "logits": self.trace.values[f"{path}.scores"][0],
            "weighted": self.pattern(path) * self.sizes[path][:, None, :],
            "gradient": self.trace.grads[f"{path}.pattern"][0] if self.targets else None,
        }

    def means(self, path: str, n: int, number: int | None = None) -> dict[str, Any]:
        """The mean of each kind over blocks of n × n pairs, of all heads or of one; pairs that are hidden in none."""
        made: dict[str, Any] = {}
        for kind, values in with_product(self.kinds(path)).items():
            if values is None:
                made[kind] = None
                continue
            of = values if number is None else values[number]
            seen = np.tril(np.ones(of.shape[-2:], bool)) if self.causal[path] else np.ones(of.shape[-2:], bool)
            if kind == "logits":  # −∞ is no score: such a pair is masked
                made[kind] = blocks.means(of, n, seen & (of != -np.inf), hidden=-np.inf)
            else:
                made[kind] = blocks.means(of, n, seen)
        return made

    def line(self, path: str, query: int | None, key: int | None) -> dict[str, np.ndarray]:
        """Every kind of number of one query, (H, K), or of one key, (H, Q)."""
        at = (slice(None), slice(None), key) if query is None else (slice(None), query)
        kinds = {kind: None if values is None else values[at] for kind, values in self.kinds(path).items()}
        return present(with_product(kinds))

    @cached_property
    def flows(self) -> dict[str, Flow]:
        """Rollout and gradient relevance through the self-attention of each stack that has one, by the stack's prefix.

        The relevance explains the joint log-probability of all target tokens: the loss is their negative mean.
        """
        by_stack = {}
        for stack in dict.fromkeys(path.partition("blocks.")[0] for path in self.sizes):
            names = [f"{path}.pattern" for path in self.layers(stack)]
            if not names:
                continue
            layers = [self.trace.values[name][0] for name in names]
            relevance = None
            if self.targets:
                raising = [-self.targets * self.trace.grads[name][0] for name in names]
                relevance = np.stack(measure.relevance(layers, raising))
            by_stack[stack] = Flow(np.stack(measure.rollout(layers)), relevance)
        return by_stack

    def layers(self, stack: str) -> list[str]:
        """The self-attentions of a stack, such as "encoder."."""
        return [path for path in self.sizes if path.startswith(f"{stack}blocks.") and path.endswith(".attention")]

    def aggregates(self, path: str) -> dict[str, np.ndarray]:
        """Rollout and relevance after an attention's layer, (T, T) by name; none of what is no self-attention."""
        stack = path.partition("blocks.")[0]
        if path not in self.layers(stack):
            return {}
        flow, place = self.flows[stack], self.layers(stack).index(path)
        together = {"rollout": flow.rollout[place]}
        return together if flow.relevance is None else together | {"gradient relevance": flow.relevance[place]}

    @property
    def block(self) -> int | None:
        """The side of the blocks whose means a message holds; None where it holds every number."""
        shapes = [(*self.pattern(path).shape, self.causal[path]) for path in self.sizes]
        if max(max(Q, K) for _, Q, K, _ in shapes) <= LONG:
            return None
        kinds = 4 if self.targets else 3
        numbers = sum((kinds * H + 2) * blocks.cells((Q, K), 1, causal) for H, Q, K, causal in shapes)
        return None if 4 * numbers <= MESSAGE else blocks.side(shapes, MEANS)


def with_product(kinds: dict[str, Any]) -> dict[str, Any]:
    """With pattern times gradient, in float32 as the browser multiplies."""
    gradient = kinds["gradient"]
    return kinds | {"product": None if gradient is None else kinds["pattern"] * gradient}


def present(kinds: dict[str, Any]) -> dict[str, np.ndarray]:
    """The kinds of number that there are, in float32."""
    return {kind: np.asarray(values, np.float32) for kind, values in kinds.items() if values is not None}


def look(path: str, step: int, text: str | None, sample: int | None, progress: Progress) -> Look:
    """One pass over an input at a step; the last are kept. ValueError where its numbers are too many to be held."""
    run = opened(path)
    run.config.need(*NEEDS)

    def make() -> Look:
        training = training_at(path, step, progress, needs=NEEDS)
        return seen(training, chosen_input(training, text, sample))

    return kept("attention", (run, run.moment(step), text, sample), make, size, KEPT)


def seen(training: Training, batch: Batch) -> Look:
    """The pass itself."""
    modules, targets = patterned(training.model), batch.predicted
    check(len(modules), getattr(training.config.model, "heads", 1), batch)
    with numerics(training.config):
        trace = observe(training.model, batch, gradients=targets > 0, wanted=lambda name: name.endswith(WATCHED))
    for name in [name for name in trace.grads if not name.endswith(DERIVED)]:
        del trace.grads[name]
    sizes = {
        path: measure.handed_sizes(trace.values[f"{path}.values"][0], module.output.weight.detach().cpu().numpy())
        for path, module in modules.items()
    }
    return Look(trace, batch, targets, sizes, {path: training.config.model.causal(path) for path in modules})


def check(attentions: int, heads: int, batch: Batch) -> None:
    """ValueError where there are too many pairs of tokens to be held."""
    longest = max(batch.tokens.shape[1], 0 if batch.source is None else batch.source.shape[1])
    pairs = attentions * heads * longest**2
    if pairs > MOST:
        fits = int((MOST / (attentions * heads)) ** 0.5)
        raise ValueError(
            f"{attentions} attentions of {heads} heads over {longest:,} tokens are {pairs:,} pairs, and {MOST:,} are "
            f"looked at at once; type an input of your own of up to {fits:,} tokens"
        )


def size(looked: Look) -> int:
    """Bytes of its arrays."""
    arrays = [*looked.trace.values.values(), *looked.trace.grads.values(), *looked.sizes.values()]
    return sum(array.nbytes for array in arrays)
