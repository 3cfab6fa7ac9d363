"""Interventions: a head switched off, a temperature changed, a row of attention rewritten.

They act inside one forward pass, through the model's taps; weights, modes, gradients and random state stay as they are.
Only `afresh` writes weights, and restores them.

B batch, T position, Q query, K key, H heads, D channels a head, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial

import torch
from torch import Tensor, nn

from explorer.config.quoting import listed, quoted
from explorer.measure.names import plural
from explorer.tasks.base import Batch
from explorer.trace import Array, copied, evaluating, mean_loss, watching
from explorer.training.heads import Heads
from models.tap import Tap
from models.transformer import Block, Stack, attentions

Edit = Callable[[Tensor], Tensor]  # a tap's value -> its replacement
Edits = Mapping[str, Edit]  # by the tap's name

COLDEST, HOTTEST = 1e-3, 1e3  # temperatures; float32 scores stay finite between them
SHORTEST = 3  # with two tokens, the one that followed last time is also the previous one

OUTPUTS: dict[str, Edit] = {  # what replaces a head's output, from the outputs (B, H, Q, D) of its attention
    "zero": torch.zeros_like,
    "mean": lambda out: out.mean((0, 2), keepdim=True).expand_as(out),  # over samples and positions
    "resample": lambda out: out.roll(1, 0),  # its output for another sample of the batch
}
ABLATIONS = (*OUTPUTS, "afresh")


@dataclass(frozen=True)
class Ablation:
    """The effect of each single head on a batch.

    loss: mean nats over the predicted tokens.   right: the share predicted right.   losses, rights: the change of each
    without the head, by head name.
    """

    loss: float
    right: float
    losses: dict[str, float]
    rights: dict[str, float]


@contextmanager
def patched(model: nn.Module, *edits: Edits) -> Iterator[None]:
    """Inside, the edits replace the taps' values, one edit after another.

    ValueError if there is no such tap.
    """
    taps = {name: module for name, module in model.named_modules() if isinstance(module, Tap)}
    for name in (name for edit in edits for name in edit):
        if name not in taps:
            nearest = get_close_matches(name, taps, n=1, cutoff=0)[0]
            raise ValueError(f"there is no tap {name}; the nearest is {nearest}")
    with ExitStack() as hooks:
        for name, change in (item for edit in edits for item in edit.items()):

            def replace(_module: nn.Module, _args: object, out: Tensor, change: Edit = change) -> Tensor:
                return change(out)

            hooks.callback(taps[name].register_forward_hook(replace).remove)
        yield


@torch.no_grad()
def ablation(model: nn.Module, batch: Batch, kind: str = "zero", seed: int = 0, step: int = 0) -> Ablation:
    """The change of a batch's loss when each single head is replaced, one after another.

    kind: one of ABLATIONS; "afresh" draws the head's weights as the event "reset" does, in a run with this seed after
    `step` steps. Heads already switched off stay so, and change nothing. The blocks before the head's own are not
    computed again, which halves the work. ValueError if there is no such kind, no other sample to take from, or the
    loss is not finite.
    """
    if kind not in ABLATIONS:
        raise ValueError(f"kind={kind} is no ablation; use {', '.join(ABLATIONS[:-1])} or {ABLATIONS[-1]}")
    if kind == "resample" and len(batch.tokens) < 2:
        raise ValueError("a batch of one has no other sample; use two or more")

    def scored() -> tuple[float, float]:
        logits = model(batch.tokens, batch.source)
        right = int((logits.argmax(-1) == batch.targets).sum())
        return mean_loss(logits, batch.targets).item(), right / batch.predicted

    losses, rights = {}, {}
    with evaluating(model), ExitStack() as past:
        with watching(model, lambda name: name.endswith((".head_out", ".residual_out"))) as clean:
            before = scored()
        if not math.isfinite(before[0]):
            raise ValueError("the loss is not finite here, so it cannot tell heads apart; look at an earlier step")
        for name, block in model.named_modules():
            if not isinstance(block, Block):
                continue
            for part, attention in attentions(block).items():
                path = f"{name}.{part}"
                out = clean[f"{path}.head_out"]
                for h in range(attention.heads):
                    head = f"{path}.{h}"
                    redraws = kind == "afresh"
                    with (
                        afresh(model, head, seed, step) if redraws else replaced_output(model, head, OUTPUTS[kind](out))
                    ):
                        loss, right = scored()
                    losses[head], rights[head] = loss - before[0], right - before[1]
            past.enter_context(giving(block, clean[f"{name}.residual_out"]))
    return Ablation(*before, losses, rights)


def replaced_output(model: nn.Module, head: str, new: Tensor) -> AbstractContextManager[None]:
    """Inside, a head's output is its part of new (B, H, Q, D)."""
    path, _, number = head.rpartition(".")
    return patched(model, {f"{path}.head_out": partial(with_head, head=int(number), new=new)})


@contextmanager
def afresh(model: nn.Module, head: str, seed: int, step: int) -> Iterator[None]:
    """Inside, a head's weights are drawn again as the event "reset" does; afterwards they are restored bit for bit."""
    heads = Heads(model)
    saved = [(weight.detach()[index], weight.detach()[index].clone()) for weight, index in heads.slices(head)]
    heads.change("reset", head, seed, step)
    try:
        yield
    finally:
        for weight, before in saved:
            weight.copy_(before)


def with_head(out: Tensor, head: int, new: Tensor) -> Tensor:
    """A copy of out (B, H, …) with one head from new, of the same shape."""
    out = out.clone()
    out[:, head] = new[:, head]
    return out


@contextmanager
def giving(module: nn.Module, out: Tensor) -> Iterator[None]:
    """Inside, the module returns `out` without computing anything."""
    module.forward = lambda *args: out
    try:
        yield
    finally:
        del module.forward  # restores the class's method


def with_temperature(model: nn.Module, head: str, temperature: float) -> Edits:
    """The scores of one head divided by a temperature: sharper below 1, more even above.

    ValueError if there is no such head, or for a temperature outside COLDEST to HOTTEST.
    """
    path, h = part_and_number(model, head)
    if not COLDEST <= temperature <= HOTTEST:
        raise ValueError(f"temperature={temperature} is out of range; use {COLDEST:g} to {HOTTEST:g}")
    return {f"{path}.scores": lambda scores: with_head(scores, h, scores / temperature)}


def with_row(model: nn.Module, head: str, query: int, weights: Sequence[float]) -> Edits:
    """One query's attention in one head replaced by weights (K,), scaled to sum to 1 over the visible keys.

    ValueError if there is no such head, or a weight is negative or not finite; in the forward pass if the query or the
    number of weights does not fit, or no weight is left on visible keys.
    """
    path, h = part_and_number(model, head)
    for k, weight in enumerate(weights):
        if not 0 <= weight < math.inf:
            raise ValueError(f"the weight {weight} of key {k + 1} is not an amount of attention; use 0 or more")
    seen = {}

    def look(scores: Tensor) -> Tensor:
        seen["visible"] = scores[:, h] > -math.inf  # (B, Q, K): the pattern alone does not tell 0 from hidden
        return scores

    def replace(pattern: Tensor) -> Tensor:
        Q, K = pattern.shape[2:]
        if len(weights) != K or not 0 <= query < Q:
            raise ValueError(f"query {query + 1} and {len(weights)} weights do not fit {Q} queries and {K} keys")
        row = pattern.new_tensor(weights) * seen["visible"][:, query]  # (B, K)
        total = row.sum(-1, keepdim=True)
        if not total.all():
            raise ValueError(f"no weight is left on the keys that query {query + 1} sees; give one of them some")
        pattern = pattern.clone()
        pattern[:, h, query] = row / total
        return pattern

    return {f"{path}.scores": look, f"{path}.pattern": replace}


def part_and_number(model: nn.Module, head: str) -> tuple[str, int]:
    """A head such as `blocks.0.attention.1` as attention path and number from 0. ValueError if there is none."""
    names = Heads(model).names()
    if head not in names:
        raise ValueError(f"there is no head {quoted(head)}; heads are {listed(names)}")
    path, _, number = head.rpartition(".")
    return path, int(number)


def repeated(
    vocabulary_size: int, n: int, rows: int, generator: torch.Generator, exclude: Sequence[int] = ()
) -> Tensor:
    """Random sequences of n tokens, each repeated once, (rows, 2n), on which `measure.heads` scores heads.

    exclude: tokens that are not drawn, such as padding. If the vocabulary is large enough, no token occurs twice within
    n, so that only the repetition is a cue. ValueError if n is too small.
    """
    if n < SHORTEST:
        raise ValueError(f"n={n} token{plural(n)} said twice do not tell heads apart; use {SHORTEST} or more")
    tokens = torch.tensor([token for token in range(vocabulary_size) if token not in exclude])
    rounds = -(-n // len(tokens))
    order = torch.rand(rows, rounds, len(tokens), generator=generator).argsort(-1)
    once = tokens[order].flatten(1)[:, :n]
    return torch.cat([once, once], 1)


@torch.no_grad()
def repeat_patterns(model: nn.Module, tokens: Tensor) -> dict[str, Array]:
    """Every self-attention's pattern on `repeated` tokens (B, T), (B, H, T, T) by the path of its attention.

    An encoder-decoder reads them on both sides; its cross-attention is left out, since a position back in time means
    nothing there. ValueError if the model's context is too short.
    """
    context = min(len(module.visible) for module in model.modules() if isinstance(module, Stack))
    if tokens.shape[1] > context:
        raise ValueError(f"the model reads {context} tokens and these are {tokens.shape[1]}; use fewer")
    with evaluating(model), watching(model, lambda name: name.endswith(".attention.pattern")) as seen:
        model(tokens, tokens)
    return {name.removesuffix(".pattern"): copied(pattern) for name, pattern in seen.items()}
