"""Backpropagation through the run's model on one input, and how the gradient splits on its way.

T position, H heads, Q query, K key, V vocabulary.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from explorer.arithmetic import precision_of
from explorer.backward import Pass, by_hand, exact, run, targets_of
from explorer.boxes import PROJECTED, Box
from explorer.device import numerics
from explorer.highways import highways
from explorer.measure.backpropagation import logits_gradient, short
from explorer.runs.answer import Answer
from explorer.runs.views.restored import Progress, chosen_input, tokens_of, training_at
from explorer.tasks.base import IGNORE
from explorer.trace import Array
from models.transformer import attentions

FEW = 6  # numbers of each kind that are shown
LIKELY = 5  # tokens beside the right one
LARGEST = 64  # cells of a map's side; a larger one is gathered


def walk(
    path: str,
    step: int,
    target: int | None = None,
    text: str | None = None,
    sample: int | None = None,
    progress: Progress = None,
) -> Answer:
    """The forward and the backward pass, box by box in the order of the forward pass.

    target: the position whose loss alone flows back; None for the mean over all that is asked.
    plain["boxes"]: what each operation is, its sizes, its first numbers and how the rule by hand compares with
    autograd. Arrays: `<id>.value`, `<id>.gradient` (T,), the root mean square and the norm at each position;
    `<attention>.A`, `<attention>.dA` (H, Q, K).
    """
    training = training_at(path, step, progress)
    batch = chosen_input(training, text, sample)
    with numerics(training.config):
        of = run(training.model, batch, target)
        boxes, arrays = Walk(of).told()
    vocabulary = training.task.vocabulary
    asked = np.flatnonzero(batch.targets[0].cpu().numpy() != IGNORE).tolist()
    right = batch.targets[0].tolist()
    plain = {
        "step": step,
        "loss": finite(of.loss.item()),
        "target": target,
        "asked": asked,
        "targets": ["" if t == IGNORE else vocabulary.symbols[t] for t in right],
        "precision": precision_of(next(iter(attentions(training.model).values()))),
        "activation": training.config.transformer.activation,
        "scaled": next(iter(attentions(training.model).values())).scale != 1,
        "boxes": boxes,
        "tail": tail(of, vocabulary.symbols),
    }
    maps, gathered = attention_maps(of)
    return plain | {"gathered": gathered} | tokens_of(training, batch), arrays | maps


def split(
    path: str, step: int, text: str | None = None, sample: int | None = None, progress: Progress = None
) -> Answer:
    """How the gradient splits at every fork of the stream and in every attention: `backward.highways`."""
    training = training_at(path, step, progress)
    batch = chosen_input(training, text, sample)
    with numerics(training.config):
        rows = highways(training.model, batch)
    return {"step": step, "rows": rows}, {}


def last_asked(of: Pass) -> int:
    """The position whose numbers are shown: the one that was chosen, or the last that is asked."""
    return int(np.flatnonzero(targets_of(of) >= 0)[-1])


class Walk:
    """One pass, told box by box."""

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
        """By role what autograd says that the box hands on; by hand where the model fuses two boxes."""
        if box.kind == "tokens":
            return {}
        if box.kind == "chances":
            return {"z": self.grads["logits"]}
        if box.kind == "loss":
            return {"p": self.grads["chances"]}
        return {role: exact(g[0] if role in box.reads else g) for role, g in self.of.handed(box).items()}

    def looked_at(self) -> dict[bool, int]:
        """The position whose numbers are shown, by whether the encoder reads it: there the strongest."""
        crossing = [box for box in self.of.boxes.values() if box.row.endswith(".cross") and box.kind == "keys"]
        found = {False: last_asked(self.of)}
        if crossing:
            found[True] = int(np.linalg.norm(self.grads[crossing[0].reads["x"]], axis=-1).argmax())
        return found

    def strongest(self, path: str) -> int:
        """The head of an attention with the largest ∂L/∂A at the position shown."""
        t = self.positions[path.startswith("encoder.")]
        return int(np.linalg.norm(self.grads[f"{path}.pattern"][:, t], axis=-1).argmax())

    def position(self, box: Box) -> int:
        """The position of a box's output that is shown."""
        of_encoder = box.row.startswith("encoder.") or (box.row.endswith(".cross") and box.kind in ("keys", "values"))
        return self.positions[of_encoder]

    def place(self, box: Box) -> tuple[int, ...]:
        """Which row of a box's output is shown: (head, position) or (position,)."""
        if self.values[box.id].ndim == 3:
            return self.heads[box.row], self.position(box)
        return (self.position(box),) if self.values[box.id].ndim else ()

    def told(self) -> tuple[list[dict[str, Any]], dict[str, Array]]:
        """Every box, and the strips."""
        arrays = {}
        for id, value in self.values.items():
            arrays[f"{id}.value"] = by_position(value, mean=True)
            arrays[f"{id}.gradient"] = by_position(self.grads[id], mean=False)
        return [self.box(box) for box in self.of.boxes.values()], arrays

    def box(self, box: Box) -> dict[str, Any]:
        """One box in plain values."""
        told: dict[str, Any] = {"id": box.id, "kind": box.kind, "row": box.row, "reads": box.reads}
        if box.kind == "tokens":
            source = self.of.batch.source if box.id == "source" else None
            read = self.of.batch.tokens if source is None else source
            return told | {"shape": [read.shape[1]], "position": self.position(box)}
        value, g = self.values[box.id], self.grads[box.id]
        seen = value[np.isfinite(value)] if np.isfinite(value).any() else np.full(1, np.nan)
        ours, theirs = self.hand[box.id].leaves(), self.handed[box.id]
        at = self.place(box)
        return told | {
            "shape": list(value.shape),
            "mean": finite(seen.mean()),
            "size": finite(np.sqrt((seen**2).mean())),
            "norm": finite(np.linalg.norm(g)),
            "position": self.position(box),
            "head": at[0] + 1 if len(at) == 2 else None,
            "out": few(value, at),
            "arrives": few(g, at),
            "from": self.arriving(box),
            "leaves": [self.leaving(box, role) for role in box.reads if box.reads[role] in self.values],
            "weights": [self.weight(box, role) for role in box.weights],
            "off": finite(off(box, ours, theirs, value, g)),
        }

    def arriving(self, box: Box) -> dict[str, Any]:
        """Where the gradient comes from, and whether these parts add up to autograd's."""
        parts = {reader.id: self.handed[reader.id][role] for reader, role in self.of.readers(box.id)}
        if not parts:
            return {"parts": [], "off": None}
        g = self.grads[box.id]
        rest = np.abs(sum(parts.values()) - g).max()
        at = self.place(box)
        return {
            "parts": [[id, finite(np.linalg.norm(part)), few(part, at)] for id, part in parts.items()],
            "off": finite(rest / max(np.abs(g).max(), 1e-300)),
        }

    def leaving(self, box: Box, role: str) -> dict[str, Any]:
        """What goes on to one box that this one read, with its first entry worked out."""
        read = self.of.boxes[box.reads[role]]
        at = self.place(read)
        entry = (*at, int(max(0, targets_of(self.of)[at[0]])) if box.kind in ("chances", "loss") else 0)
        words, made = self.hand[box.id].worked(role, entry)
        whole = self.handed[box.id][role]
        return {
            "role": role,
            "to": read.id,
            "norm": finite(np.linalg.norm(whole)),
            "read": few(self.values[read.id], at),
            "gradient": few(whole, at),
            "place": {"position": self.position(read), "head": at[0] + 1 if len(at) == 2 else None},
            "entry": entry[-1],
            "words": words,
            "made": finite(made),
            "autograd": finite(whole[entry]),
        }

    def weight(self, box: Box, role: str) -> dict[str, Any]:
        """What goes to one of the box's own weights; of an embedding the row of the token shown is worked out."""
        g = self.handed[box.id][role]
        w = exact(self.of.model.get_parameter(box.weights[role]))
        if box.kind in PROJECTED:
            w = np.split(w, 3)[PROJECTED.index(box.kind)]
        told: dict[str, Any] = {"name": box.weights[role], "shape": list(w.shape)}
        told |= {"size": finite(np.linalg.norm(w)), "norm": finite(np.linalg.norm(g))}
        if box.kind == "embedding":
            row = self.hand[box.id].tokens[self.position(box)], 0
            words, made = self.hand[box.id].worked(role, row)
            told |= {"words": words, "made": finite(made), "autograd": finite(g[row])}
        return told


def off(box: Box, ours: dict[str, Array], theirs: dict[str, Array], p: Array, g: Array) -> float:
    """The largest difference between the rule in float64 and autograd, as a share of the largest entry.

    A softmax hands on p·g less its mean, which may cancel: there p·g is the measure.
    """
    largest = max(float(np.abs(part).max()) for part in theirs.values())
    if box.kind in ("pattern", "chances"):
        largest = max(largest, float(np.abs(p * g).max()))
    return max(float(np.abs(ours[role] - part).max()) for role, part in theirs.items()) / max(largest, 1e-300)


def finite(value: float | np.floating) -> float | None:
    """The number; None where it is none: JSON has no NaN."""
    return float(value) if math.isfinite(value) else None


def few(values: Array, at: tuple[int, ...]) -> list[float | str]:
    """The first numbers of a row; NaN and infinity in words: JSON has neither."""
    return [float(value) if np.isfinite(value) else short(value) for value in np.atleast_1d(values[at])[:FEW]]


def by_position(values: Array, mean: bool) -> Array:
    """How large a box is at each position, (T,): the root mean square, or the norm. Heads count together."""
    if values.ndim == 0:
        return values[None].astype(np.float32)
    axes = (0, 2) if values.ndim == 3 else (1,)
    seen = np.isfinite(values)
    total = np.where(seen, values, 0.0) ** 2
    if not mean:
        return np.sqrt(total.sum(axes)).astype(np.float32)
    return np.sqrt(total.sum(axes) / np.maximum(1, seen.sum(axes))).astype(np.float32)


def tail(of: Pass, symbols: tuple[str, ...]) -> dict[str, Any]:
    """Where the gradient begins, at the position shown: p − onehot(y) for the right token and the likeliest."""
    t, z = last_asked(of), exact(of.values["logits"][0])
    entropy = by_hand(of, of.boxes["loss"])
    p, targets = entropy.p, entropy.targets
    expected, got = logits_gradient(p, targets), exact(of.grads["logits"][0])
    right = int(targets[t])
    likely = [int(v) for v in np.argsort(-p[t], kind="stable") if v != right][:LIKELY]
    return {
        "position": t,
        "asked": len(entropy.asked),
        "off": finite(np.abs(expected - got).max()),
        "rows": [
            {
                "token": symbols[v],
                "right": v == right,
                "logit": finite(z[t, v]),
                "p": finite(p[t, v]),
                "gradient": finite(got[t, v]),
            }
            for v in (right, *likely)
        ],
    }


def attention_maps(of: Pass) -> tuple[dict[str, Array], dict[str, int]]:
    """A and ∂L/∂A of every attention, and by path how many cells a side stand behind one of theirs."""
    maps, gathered = {}, {}
    for path in attentions(of.model):
        name = f"{path}.pattern"
        side = max(of.values[name].shape[2:])
        gathered[path] = by = -(-side // LARGEST)
        maps[f"{path}.A"] = largest_of(exact(of.values[name][0]), by)
        maps[f"{path}.dA"] = largest_of(exact(of.grads[name][0]), by)
    return maps, gathered


def largest_of(maps: Array, by: int) -> Array:
    """Each by × by cells of (H, Q, K) as the one of them that is largest in size."""
    if by == 1:
        return maps.astype(np.float32)
    H, Q, K = maps.shape
    whole = np.zeros((H, -(-Q // by) * by, -(-K // by) * by))
    whole[:, :Q, :K] = maps
    cells = whole.reshape(H, whole.shape[1] // by, by, whole.shape[2] // by, by).swapaxes(2, 3)
    cells = cells.reshape(*cells.shape[:3], by * by)
    return np.take_along_axis(cells, np.abs(cells).argmax(-1)[..., None], -1)[..., 0].astype(np.float32)
