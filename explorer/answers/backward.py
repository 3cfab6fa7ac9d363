"""Backpropagation through the run's model on one input, and how the gradient splits.

T position, H heads, Q query, K key, V vocabulary.
"""

from __future__ import annotations

import math

import numpy as np

from explorer.analysis.arithmetic import precision_of
from explorer.analysis.backward import Pass, by_hand, exact, run, targets_of
from explorer.analysis.boxes import PROJECTED, Box
from explorer.analysis.highways import highways
from explorer.answers.records.backward import (
    Arrivals,
    Backpropagation,
    Candidate,
    Departure,
    Numbers,
    Operation,
    Place,
    Split,
    Tail,
    WeightGradient,
)
from explorer.measure.backward import logits_gradient
from explorer.measure.names import number
from explorer.runs.restored import Progress, chosen_input, tokens_of, training_at
from explorer.tasks.base import IGNORE
from explorer.trace import Array
from explorer.training.device import numerics
from models.transformer import attentions

NEEDS = ("residual stream", "attention heads", "MLP")  # parts of the model
FEW = 6  # numbers of each kind that are shown
LIKELY = 5  # tokens besides the right one
LARGEST = 64  # cells per side of a map; a larger one is pooled


def walk(
    path: str,
    step: int,
    target: int | None = None,
    text: str | None = None,
    sample: int | None = None,
    progress: Progress = None,
) -> Backpropagation:
    """The forward and the backward pass, box by box in the order of the forward pass.

    target: the only position whose loss flows back; None for the mean over all with a target.
    """
    training = training_at(path, step, progress, needs=NEEDS)
    batch = chosen_input(training, text, sample)
    with numerics(training.config):
        of = run(training.model, batch, target)
        shown = Walk(of)
        boxes, strips = [shown.operation(box) for box in of.boxes.values()], shown.strips()
    vocabulary, attention = training.task.vocabulary, next(iter(attentions(training.model).values()))
    tokens = tokens_of(training, batch)
    maps, gathered = attention_maps(of)
    return Backpropagation(
        step=step,
        loss=finite(of.loss.item()),
        target=target,
        positions=np.flatnonzero(batch.targets[0].cpu().numpy() != IGNORE).tolist(),
        tokens=tokens["tokens"] or [],
        source=tokens["source"],
        targets=["" if t == IGNORE else vocabulary.symbols[t] for t in batch.targets[0].tolist()],
        precision=precision_of(attention),
        activation=training.config.model.activation,
        scaled=attention.scale != 1,
        boxes=boxes,
        tail=tail(of, vocabulary.symbols),
        gathered=gathered,
        arrays=strips | maps,
    )


def split(path: str, step: int, text: str | None = None, sample: int | None = None, progress: Progress = None) -> Split:
    """How the gradient splits at every fork of the stream and in every attention, as `highways` measures it."""
    training = training_at(path, step, progress, needs=NEEDS)
    batch = chosen_input(training, text, sample)
    with numerics(training.config):
        forks, inside = highways(training.model, batch)
    return Split(step=step, forks=forks, attentions=inside)


def last_predicted(of: Pass) -> int:
    """The position shown: the chosen one, or the last predicted one."""
    return int(np.flatnonzero(targets_of(of) >= 0)[-1])


class Walk:
    """One pass, box by box."""

    def __init__(self, of: Pass):
        self.of = of
        self.values = {id: exact(value[0]) for id, value in of.values.items()}
        self.grads = {id: exact(g[0]) for id, g in of.grads.items()}
        self.hand = {box.id: by_hand(of, box) for box in of.boxes.values() if box.kind != "tokens"}
        self.values |= {"chances": self.hand["loss"].p, "loss": np.array(of.loss.item())}
        self.grads |= {"chances": self.hand["loss"].leaves()["p"], "loss": np.array(1.0)}
        self.handed = {box.id: self.handed_on(box) for box in of.boxes.values()}
        self.positions = self.looked_at()
        self.heads = {path: self.strongest(path) for path in attentions(of.model)}

    def handed_on(self, box: Box) -> dict[str, Array]:
        """Autograd's gradients from the box, by role; by hand if the model fuses two boxes."""
        if box.kind == "tokens":
            return {}
        if box.kind == "chances":
            return {"z": self.grads["logits"]}
        if box.kind == "loss":
            return {"p": self.grads["chances"]}
        return {role: exact(g[0] if role in box.reads else g) for role, g in self.of.handed(box).items()}

    def looked_at(self) -> dict[bool, int]:
        """The position shown, by whether it is in the encoder: there the strongest."""
        crossing = [box for box in self.of.boxes.values() if box.row.endswith(".cross") and box.kind == "keys"]
        positions = {False: last_predicted(self.of)}
        if crossing:
            positions[True] = int(np.linalg.norm(self.grads[crossing[0].reads["x"]], axis=-1).argmax())
        return positions

    def strongest(self, path: str) -> int:
        """The head of an attention with the largest ∂L/∂A at the position shown."""
        t = self.positions[path.startswith("encoder.")]
        return int(np.linalg.norm(self.grads[f"{path}.pattern"][:, t], axis=-1).argmax())

    def position(self, box: Box) -> int:
        """The position of a box's output that is shown."""
        of_encoder = box.row.startswith("encoder.") or (box.row.endswith(".cross") and box.kind in ("keys", "values"))
        return self.positions[of_encoder]

    def place(self, box: Box) -> tuple[int, ...]:
        """The row of a box's output that is shown: (head, position) or (position,)."""
        if self.values[box.id].ndim == 3:
            return self.heads[box.row], self.position(box)
        return (self.position(box),) if self.values[box.id].ndim else ()

    def strips(self) -> dict[str, Array]:
        """The size of every box's value and gradient at each position."""
        arrays = {}
        for id, value in self.values.items():
            arrays[f"{id}.value"] = by_position(value, mean=True)
            arrays[f"{id}.gradient"] = by_position(self.grads[id], mean=False)
        return arrays

    def operation(self, box: Box) -> Operation:
        """One box in plain values."""
        if box.kind == "tokens":
            source = self.of.batch.source if box.id == "source" else None
            read = self.of.batch.tokens if source is None else source
            return Operation(box.id, box.kind, box.row, box.reads, [read.shape[1]], self.position(box))
        value, g = self.values[box.id], self.grads[box.id]
        seen = value[np.isfinite(value)] if np.isfinite(value).any() else np.full(1, np.nan)
        ours, theirs = self.hand[box.id].leaves(), self.handed[box.id]
        at = self.place(box)
        return Operation(
            id=box.id,
            kind=box.kind,
            row=box.row,
            reads=box.reads,
            shape=list(value.shape),
            position=self.position(box),
            mean=finite(seen.mean()),
            size=finite(np.sqrt((seen**2).mean())),
            norm=finite(np.linalg.norm(g)),
            head=at[0] + 1 if len(at) == 2 else None,
            out=few(value, at),
            arrives=few(g, at),
            sources=self.arriving(box),
            leaves=[self.leaving(box, role) for role in box.reads if box.reads[role] in self.values],
            weights=[self.weight(box, role) for role in box.weights],
            off=finite(off(box, ours, theirs, value, g)),
        )

    def arriving(self, box: Box) -> Arrivals:
        """The sources of the gradient, and whether these parts add up to autograd's."""
        parts = {reader.id: self.handed[reader.id][role] for reader, role in self.of.readers(box.id)}
        if not parts:
            return Arrivals([], None)
        g = self.grads[box.id]
        rest = np.abs(sum(parts.values()) - g).max()
        at = self.place(box)
        return Arrivals(
            parts=[(id, finite(np.linalg.norm(part)), few(part, at)) for id, part in parts.items()],
            off=finite(rest / max(np.abs(g).max(), 1e-300)),
        )

    def leaving(self, box: Box, role: str) -> Departure:
        """The gradient to one input of the box, with its first entry worked out."""
        read = self.of.boxes[box.reads[role]]
        at = self.place(read)
        entry = (*at, int(max(0, targets_of(self.of)[at[0]])) if box.kind in ("chances", "loss") else 0)
        words, made = self.hand[box.id].worked(role, entry)
        whole = self.handed[box.id][role]
        return Departure(
            role=role,
            to=read.id,
            norm=finite(np.linalg.norm(whole)),
            read=few(self.values[read.id], at),
            gradient=few(whole, at),
            place=Place(self.position(read), at[0] + 1 if len(at) == 2 else None),
            entry=entry[-1],
            words=words,
            made=finite(made),
            autograd=finite(whole[entry]),
        )

    def weight(self, box: Box, role: str) -> WeightGradient:
        """The gradient of one of the box's own weights; for an embedding, the shown token's row is worked out."""
        g = self.handed[box.id][role]
        w = exact(self.of.model.get_parameter(box.weights[role]))
        if box.kind in PROJECTED:
            w = np.split(w, 3)[PROJECTED.index(box.kind)]
        sizes = finite(np.linalg.norm(w)), finite(np.linalg.norm(g))
        if box.kind != "embedding":
            return WeightGradient(box.weights[role], list(w.shape), *sizes)
        row = self.hand[box.id].tokens[self.position(box)], 0
        words, made = self.hand[box.id].worked(role, row)
        return WeightGradient(box.weights[role], list(w.shape), *sizes, words, finite(made), finite(g[row]))


def off(box: Box, ours: dict[str, Array], theirs: dict[str, Array], p: Array, g: Array) -> float:
    """The largest difference between the rule in float64 and autograd, as a share of the largest entry.

    A softmax passes on p·g less its mean, which may cancel: there p·g is the scale.
    """
    largest = max(float(np.abs(part).max()) for part in theirs.values())
    if box.kind in ("pattern", "chances"):
        largest = max(largest, float(np.abs(p * g).max()))
    return max(float(np.abs(ours[role] - part).max()) for role, part in theirs.items()) / max(largest, 1e-300)


def finite(value: float | np.floating) -> float | None:
    """The number; None if it is not finite, since JSON has no NaN."""
    return float(value) if math.isfinite(value) else None


def few(values: Array, at: tuple[int, ...]) -> Numbers:
    """The first numbers of a row; NaN and infinity in words, since JSON has neither."""
    return [float(value) if np.isfinite(value) else number(value) for value in np.atleast_1d(values[at])[:FEW]]


def by_position(values: Array, mean: bool) -> Array:
    """The size of a box at each position, (T,): the root mean square, or the norm. Heads count together."""
    if values.ndim == 0:
        return values[None].astype(np.float32)
    axes = (0, 2) if values.ndim == 3 else (1,)
    seen = np.isfinite(values)
    total = np.where(seen, values, 0.0) ** 2
    if not mean:
        return np.sqrt(total.sum(axes)).astype(np.float32)
    return np.sqrt(total.sum(axes) / np.maximum(1, seen.sum(axes))).astype(np.float32)


def tail(of: Pass, symbols: tuple[str, ...]) -> Tail:
    """Where the gradient begins, at the position shown: p − onehot(y) for the right token and the likeliest."""
    t, z = last_predicted(of), exact(of.values["logits"][0])
    entropy = by_hand(of, of.boxes["loss"])
    p, targets = entropy.p, entropy.targets
    expected, got = logits_gradient(p, targets), exact(of.grads["logits"][0])
    right = int(targets[t])
    likely = [int(v) for v in np.argsort(-p[t], kind="stable") if v != right][:LIKELY]
    return Tail(
        position=t,
        count=len(entropy.predicted),
        off=finite(np.abs(expected - got).max()),
        rows=[
            Candidate(symbols[v], v == right, finite(z[t, v]), finite(p[t, v]), finite(got[t, v]))
            for v in (right, *likely)
        ],
    )


def attention_maps(of: Pass) -> tuple[dict[str, Array], dict[str, int]]:
    """A and ∂L/∂A of every attention, and by path the number of cells per side that one of theirs stands for."""
    maps, gathered = {}, {}
    for path in attentions(of.model):
        name = f"{path}.pattern"
        side = max(of.values[name].shape[2:])
        gathered[path] = by = -(-side // LARGEST)
        maps[f"{path}.A"] = largest_of(exact(of.values[name][0]), by)
        maps[f"{path}.dA"] = largest_of(exact(of.grads[name][0]), by)
    return maps, gathered


def largest_of(maps: Array, by: int) -> Array:
    """Pools (H, Q, K) by × by: the entry of largest size."""
    if by == 1:
        return maps.astype(np.float32)
    H, Q, K = maps.shape
    whole = np.zeros((H, -(-Q // by) * by, -(-K // by) * by))
    whole[:, :Q, :K] = maps
    cells = whole.reshape(H, whole.shape[1] // by, by, whole.shape[2] // by, by).swapaxes(2, 3)
    cells = cells.reshape(*cells.shape[:3], by * by)
    return np.take_along_axis(cells, np.abs(cells).argmax(-1)[..., None], -1)[..., 0].astype(np.float32)
