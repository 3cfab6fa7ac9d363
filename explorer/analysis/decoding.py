"""Decoding with a model: what it says after any beginnings of an answer, and the tree of its likeliest continuations.

N beginnings, T position, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from explorer.measure.decoding import Array, Tokens
from explorer.measure.sampling import finite
from explorer.trace import evaluating


class Model:
    """A scorer as `measure.decoding` asks it: a model after an opening. It is asked about each beginning once.

    tokens (1, T) and source (1, S): the opening.   context: the model reads at most this many of the last tokens.
    """

    def __init__(self, model: nn.Module, tokens: Tensor, source: Tensor | None, context: int):
        self.model, self.tokens, self.source, self.context = model, tokens, source, context
        self.cache: dict[Tokens, Array] = {}

    def __call__(self, beginnings: Sequence[Tokens]) -> Array:
        """log p (N, V), float64, of what comes next. ValueError if the model has diverged."""
        new = sorted({tokens for tokens in beginnings if tokens not in self.cache}, key=len)
        while new:
            alike = [tokens for tokens in new if len(tokens) == len(new[0])]
            new = new[len(alike) :]
            self.cache.update(zip(alike, self.ask(alike), strict=True))
        return np.stack([self.cache[tokens] for tokens in beginnings])

    @torch.no_grad()
    def ask(self, beginnings: Sequence[Tokens]) -> Array:
        """The same of beginnings of one length, by one forward pass."""
        written = self.tokens.new_tensor(beginnings).view(len(beginnings), -1)  # (N, t)
        read = torch.cat([self.tokens.expand(len(beginnings), -1), written], 1)[:, -self.context :]
        source = None if self.source is None else self.source.expand(len(beginnings), -1)
        with evaluating(self.model):
            logits = self.model(read, source)[:, -1].double().cpu().numpy()
        return np.asarray(torch.from_numpy(finite(logits)).log_softmax(-1).numpy())

    def log_p(self, tokens: Tokens) -> float:
        """Of an answer, in nats."""
        steps = self([tokens[:i] for i in range(len(tokens))])
        return float(steps[np.arange(len(tokens)), tokens].sum())


@dataclass(frozen=True)
class Node:
    """A token of the tree. parent: its place in the list; −1 for the first ones.   log_p: of all tokens up to it."""

    parent: int
    depth: int
    token: int
    p: float
    log_p: float


def tree(score: Model, width: int, depth: int, threshold: float, end: int | None = None, most: int = 200) -> list[Node]:
    """The likeliest continuations: at each node at most `width` tokens, those with p ≥ threshold all together.

    threshold: the least probability of all tokens up to a node.   end: a token after which nothing comes.   most:
    nodes; the likeliest are taken first. A parent stands before its children.
    """
    nodes: list[Node] = []
    level: list[tuple[int, Tokens, float]] = [(-1, (), 0.0)]
    for at in range(depth):
        steps = score([tokens for _, tokens, _ in level])
        children = [
            (log_p + float(steps[i, token]), parent, (*tokens, token), float(np.exp(steps[i, token])))
            for i, (parent, tokens, log_p) in enumerate(level)
            for token in np.argsort(-steps[i], kind="stable")[:width].tolist()
        ]
        children = sorted((one for one in children if np.exp(one[0]) >= threshold), key=lambda one: -one[0])
        level = []
        for log_p, parent, tokens, p in children[: most - len(nodes)]:
            nodes.append(Node(parent, at, tokens[-1], p, log_p))
            if tokens[-1] != end:
                level.append((len(nodes) - 1, tokens, log_p))
        if not level:
            break
    return nodes


def tidy(nodes: list[Node]) -> list[int]:
    """The row of each node: a leaf has one of its own, its first child is beside a parent."""
    children: dict[int, list[int]] = {}
    for i, one in enumerate(nodes):
        children.setdefault(one.parent, []).append(i)
    rows, free = [0] * len(nodes), 0
    open_ = children.get(-1, [])[::-1]
    while open_:
        i = open_.pop()
        below = children.get(i, [])
        rows[i] = free
        free += not below
        open_ += below[::-1]
    return rows


def coverage(nodes: list[Node]) -> float:
    """The probability of all leaves together."""
    parents = {one.parent for one in nodes}
    return sum(math.exp(one.log_p) for i, one in enumerate(nodes) if i not in parents)


def entropy(score: Model) -> float:
    """Of the next token, in bits: the mean over all beginnings that the model was asked about, each by its probability.

    After `tree` these are the root and the nodes that the tree goes on from.
    """
    beginnings = list(score.cache)
    weight = np.exp([score.log_p(tokens) if tokens else 0.0 for tokens in beginnings])
    log_p = np.stack([score.cache[tokens] for tokens in beginnings])
    bits = -(np.exp(log_p) * np.where(np.isfinite(log_p), log_p, 0)).sum(1) / math.log(2)
    return float((weight * bits).sum() / weight.sum())
