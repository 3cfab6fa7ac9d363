"""The gallery: every chart of these subjects with its table, of whatever data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from types import SimpleNamespace
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer import charts
from explorer.charts import (
    clock,
    dropout,
    fates,
    gradients,
    graduation,
    highways,
    interventions,
    lens,
    next_token,
    numerics,
    optimizer_state,
    positions,
    progress,
    recurrence,
    slices,
    theme,
    words,
    writing,
)
from explorer.charts.timeline import Panel
from explorer.measure.highways import AttentionSplit, Fork, HeadPart, RolePart
from explorer.measure.recurrence import reach

Hung = Iterator[tuple[Callable[[pd.DataFrame], alt.TopLevelMixin], pd.DataFrame]]
KINDS = ["empty", "one", "two", "equal", "zero", "normal", "nan", "infinite"]
NAMES = [
    "embedding.weight",
    "blocks.0.attention.project.weight",
    "blocks.0.mlp.expand.bias",
    "blocks.1.mlp_norm.bias",
]
COLUMNS = ("loss", "lr", "grad_norm", "clipped_grad_norm", "metric", "seconds")
EVENTS = [
    SimpleNamespace(step=1, kind="diverged", label="diverged at step 1"),
    SimpleNamespace(step=0, kind="set", label="lr"),
]
JUNCTIONS = ["blocks.0.residual_in", "blocks.0.residual_mid", "blocks.0.residual_out"]
PARTS = {"embedding": 0.5, "blocks.0.attention.1": -2.0, "blocks.0.mlp": 1.0, "final_norm.bias": 0.25}
HEADS = {
    "encoder.blocks.0.attention.0": "encoder head 1.1",
    "decoder.blocks.0.attention.1": "decoder head 1.2",
    "decoder.blocks.0.cross.0": "decoder cross-head 1.1",
}
LINES = ("softmax_error", "spacing", "sums", "one_plus", "deviation")


def values(kind: str) -> np.ndarray:
    """Numbers of a kind."""
    return {
        "empty": np.empty(0),
        "one": np.array([0.5]),
        "two": np.array([0.5, 0.25]),
        "equal": np.full(5, 0.5),
        "zero": np.zeros(5),
        "normal": np.linspace(1, 0.1, 40),
        "nan": np.array([0.5, np.nan, 0.2]),
        "infinite": np.array([0.5, np.inf, 0.2]),
    }[kind]


def curve(kind: str) -> dict[str, np.ndarray]:
    """A run's curve of such numbers."""
    y = values(kind)
    parts = {f"{c}_{part}": y for c in COLUMNS for part in ("min", "max", "mean")}
    return {"step": np.arange(len(y)), **parts}


def panels(kind: str) -> Iterator[tuple[Panel, list[dict[str, Any]]]]:
    """Every picture over steps of a run, with its parts."""
    c, y = curve(kind), values(kind)
    few = len(y) < 2
    marks: dict[str, Any] = {"events": () if few else EVENTS, "cursor": None if few else 1}
    grid = np.repeat(y[:, None], len(NAMES), 1)
    rich = {
        "validation": {"step": c["step"], "loss": y, "metric": y},
        "earlier": [progress.Earlier("lr 0.1", 0, c)],
        "guide": progress.Guide(3.43, "guessing"),
    }
    yield progress.LOSS, progress.parts(c, "loss", **rich, **marks)
    yield progress.METRIC, progress.parts(c, "metric", **rich, **marks)
    yield progress.RATE, progress.parts(c, "lr")
    yield progress.SPEED, progress.parts(c, "speed")
    yield progress.GRADIENT, progress.gradient_norm_parts(c, clip=1.0, **marks)
    yield gradients.RATIOS, gradients.ratio_parts(c["step"], grid, NAMES, **marks)


def of_gradients(kind: str) -> Hung:
    y = values(kind)
    yield gradients.flow, gradients.flow_frame(y, [f"blocks.{i}.residual_in" for i in range(len(y))])


def lens_table(tokens: str = "abba", targets: str = "bba ", p: float = 0.25) -> pd.DataFrame:
    """Three junctions; the last target is a space, which is a token like any other."""
    J, T = len(JUNCTIONS) if tokens else 0, len(tokens)
    top = [[["a", "b", "c"]] * T] * J
    top_p = np.full((J, T, 3), [0.5, p, 1e-5])
    return lens.lens_frame(
        JUNCTIONS[:J], list(tokens), list(targets), top, top_p, np.full((J, T), p), np.full((J, T), 2)
    )


def odd(kind: str) -> float:
    """A number as it is among those of a kind."""
    return {"nan": np.nan, "infinite": np.inf, "zero": 0.0}.get(kind, 0.25)


def count(kind: str) -> int:
    """How many there are of a kind; three of most."""
    return {"empty": 0, "one": 1, "two": 2}.get(kind, 3)


def of_layers(kind: str) -> Hung:
    bad, n = odd(kind), count(kind)
    tokens, J = "abba"[: n if n < 3 else 4], len(JUNCTIONS) if n else 0
    yield lens.lens_chart, lens_table(tokens, "x" * len(tokens), bad)
    parts = {"empty": {}, "one": {"embedding": 1.0}}.get(kind, PARTS | {"blocks.0.mlp": bad})
    yield lens.attribution_chart, lens.attribution_frame(parts, sum(parts.values()))
    yield lens.norms_chart, lens.norms_frame(JUNCTIONS[:J], list(tokens), np.full((J, len(tokens)), bad))


def of_what_if(kind: str) -> Hung:
    bad, n = odd(kind), count(kind)
    heads = dict(list(HEADS.items())[:n])
    yield interventions.worth, interventions.worth_frame(heads, np.full(n, bad), np.full(n, -0.1))
    for chart in (interventions.row, interventions.next_token):
        yield chart, interventions.pairs_frame(["a", "b", "a"][:n], np.full(n, 0.5), np.full(n, bad))


def of_numbers(kind: str) -> Hung:
    bad, n = odd(kind), count(kind)
    names = list("abc")[:n]
    some, shares = np.full(n, bad), np.full((n, 4), bad)
    for chart in (numerics.probabilities, numerics.normalised):
        yield chart, numerics.cells_frame(names, names, np.full((n, n), bad))
    for name in LINES:
        line = numerics.line(np.arange(1.0, n + 1), some, "float32", "stable")
        yield getattr(numerics, name), numerics.lines_frame(line, here=None if n == 0 else 2.0)
    line = numerics.line(np.arange(1.0, n + 1), some, "kept")
    yield fates.lost, numerics.lines_frame(line, here=None if n == 0 else 2.0)
    yield fates.histogram, fates.histogram_frame(np.arange(n) - 20.0, shares, 4)
    yield fates.by_tensor, fates.tensors_frame(names, shares, [8] * n, [0] * n)
    yield dropout.masks, dropout.masks_frame(some, some, np.abs(some), 0.1)
    yield dropout.noise, dropout.depth_frame(names, activations=(some, some), gradients=(some, some))


def of_ways_back(kind: str) -> Hung:
    bad, n = odd(kind), count(kind)
    part = RolePart(gradient=bad, handed=bad, share=bad)
    fork = Fork("blocks.0.norm_1", "blocks.0.attention", whole=bad, skip=bad, block=1.0, cosine=bad)
    roles = dict.fromkeys(("queries", "keys", "values"), part)
    heads = [HeadPart(out=bad, pattern=bad, handed=bad, share=bad)] * n
    split = AttentionSplit("blocks.0.attention", whole=bad, memory=0.0, out=bad, parts=roles, heads=heads)
    yield highways.forks, highways.fork_frame([fork] * n)
    yield highways.inside, highways.attention_frame([split] * n)


def of_slices(kind: str) -> Hung:
    y = values(kind)
    t = np.linspace(0.0, 1.0, len(y))
    yield slices.slices, slices.frame(t, {"train": y, "held_out": y}, {0.0: "here", 1.0: "there"} if len(y) else {})


def of_positions(kind: str) -> Hung:
    y = values(kind)
    x = np.arange(float(len(y)))
    drawn = [positions.line(x, y, "rotary", theme.layer(3), y, y), positions.line(x, y, "all", "#111111", kind="dot")]
    marks = [positions.at(1.5, "trained up to here")] if len(y) else []
    charts = (positions.alike, positions.wave, positions.sum_of_waves, positions.by_position, positions.reach)
    for chart in (*charts, positions.by_delay):
        yield chart, positions.frame(drawn, marks)


def of_words(kind: str) -> Hung:
    bad, n = odd(kind), count(kind)
    rows = [{"word": f"w{i}", "similar": bad, "count": i} for i in range(n)]
    yield words.similar, words.similar_frame(rows, {"w0"})
    lists = [[f"{name}{i}" for i in range(n)] for name in "xy"]
    yield words.leaning, words.leaning_frame(lists, [bad] * (2 * n))


def of_optimizers(kind: str) -> Hung:
    bad, n = odd(kind), count(kind)
    yield optimizer_state.histogram, optimizer_state.histogram_frame(np.arange(n + 1.0), {"m": np.full(n, bad)})
    names = [f"layer {i}" for i in range(n)]
    yield partial(optimizer_state.steps, tensors=3), optimizer_state.steps_frame(names, np.full((n, 5), bad))


def of_memory(kind: str) -> Hung:
    n = count(kind)
    sizes = np.full((n, n), odd(kind))
    yield recurrence.by_distance, recurrence.frame({f"run {i}": reach(sizes, list(range(n))) for i in range(n)})


def of_writing(kind: str) -> Hung:
    n, rates = count(kind), np.full(count(kind), odd(kind))
    yield writing.speed, writing.frame([16 * 2**i for i in range(n)], {"with the cache": rates, "without": rates})


def of_next_token(kind: str) -> Hung:
    n, bad = count(kind), odd(kind)
    yield next_token.bars, next_token.frame([f"token {i}" for i in range(n)], np.full(n, bad))


def of_a_clock(kind: str) -> Hung:
    y = values(kind)
    yield clock.bars, clock.frame(y, y, clock.colors([1]))


def of_graduation(kind: str) -> Hung:
    n = count(kind)
    steps = np.arange(n * n) - 1
    yield graduation.pairs, graduation.frame(n, steps, steps, steps % 2)


GALLERY: dict[str, Callable[[str], Hung]] = {
    "gradients": of_gradients,
    "layers": of_layers,
    "what if": of_what_if,
    "numbers": of_numbers,
    "ways back": of_ways_back,
    "slices": of_slices,
    "positions": of_positions,
    "words": of_words,
    "optimizers": of_optimizers,
    "memory": of_memory,
    "writing": of_writing,
    "next token": of_next_token,
    "a clock": of_a_clock,
    "graduation": of_graduation,
}


@cache
def specs(subject: str) -> list[dict[str, Any]]:
    """The specs as a page makes them, of tables without a row; each is checked to be Vega-Lite."""
    return [charts.spec(chart(table.iloc[:0])) for chart, table in GALLERY[subject]("empty")]
