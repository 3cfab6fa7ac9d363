"""Examples of every component's messages, as its own Python functions make them.

Of each at least three: the first, one of the same shape with other words and numbers, and one of another shape.
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from tiny_runs import TINY, recorded

from components.examples_of_writing import LONG, of_drafted, of_score, of_stages, of_written  # noqa: F401
from components.memory_examples import of_brush, of_cell_arithmetic  # noqa: F401, examples as those below
from components.mounting import numbers
from components.reading_examples import of_strips, of_tiles  # noqa: F401, examples as those below
from explorer.analysis.arithmetic import head_arithmetic
from explorer.answers import backward as walks
from explorer.answers import numerics, tokenizers
from explorer.answers.records.arithmetic import HeadArithmetic
from explorer.answers.records.record import parts
from explorer.answers.writing import decoding
from explorer.charts import progress
from explorer.config.run import RunConfig
from explorer.training.loop import Training
from explorer.ui.components import (
    arithmetic,
    backward,
    bits,
    branches,
    curves,
    figures,
    heat_map,
    landscape,
    matrix_grid,
    merges,
    microscope,
    model_map,
    page_keys,
    player_bar,
    point_map,
    ribbons,
    rotation,
    samples,
    sketch,
    tensor_map,
    token_rows,
)
from explorer.ui.parts import model_map as model_map_parts
from explorer.ui.tokenizers.compare import row_of_tokens

MOMENT = {"run": "a run", "step": 3, "live": True}


def of_arithmetic() -> None:
    for head, query, changes in ((1, 3, {}), (0, 4, {}), (1, 2, {"model.positions": "rotary", "task.length": 5})):
        training = Training(TINY.replace(changes))
        probe = training.task.probe()
        plain, arrays = head_arithmetic(training.model, probe, "blocks.0.attention", head, query)
        answer = HeadArithmetic(step=0, **plain, **arrays)
        tokens = training.task.vocabulary.show(probe.tokens[0])
        keys = tokens[: len(answer.keys)]
        arithmetic.arithmetic(answer, key="c", queries=tokens, keys=keys)


def of_backward() -> None:
    folder = Path(tempfile.mkdtemp())
    for layers in (1, 2):
        path = folder / f"{layers}.run"
        run = recorded(path, 1, TINY.replace({"model.layers": layers}))
        answer = walks.walk(str(path), 1)
        tokens = run.task.vocabulary.show(run.task.probe().tokens[0])
        for words in (tokens, tokens[::-1])[: 3 - layers]:
            shown = {"tokens": words, "targets": words[::-1], "source": []}
            backward.backward(answer, key="c", tokens=shown)


def of_bits() -> None:
    for typed, formats in (("0.1", 3), ("-3", 3), ("6e-8", 2)):
        bits.bits([asdict(form) for form in numerics.number(typed).formats[:formats]], key="c", on_number=print)


def of_branches() -> None:
    path = Path(tempfile.mkdtemp()) / "a.run"
    recorded(path, 1)
    fates = {fate: f"it is {fate}" for fate in ("kept", "finished", "pruned", "late", "blocked")}
    for text, width in (("abcdef", 2), ("fedcba", 2), ("abcdef", 4)):
        answer = decoding.beams(str(path), 1, text, width, block=2)
        drawn = answer.branches if width == 2 else [replace(one, token=LONG) for one in answer.branches]
        branches.branches(branches.message(f"Beam of {LONG}", drawn, fates, [0, 1]), key="c")


def of_curves() -> None:
    columns = ("loss", "lr", "grad_norm", "clipped_grad_norm", "metric", "seconds")
    for count, length, sentence in ((1, 20, "it falls"), (1, 20, "it rises"), (2, 30, LONG)):
        panels = []
        for i in range(count):
            values = np.abs(numbers(length, seed=len(sentence) + i))
            parts = {
                f"{c}_{end}": values + by for c in columns for end, by in (("min", -0.1), ("mean", 0), ("max", 0.1))
            }
            data = progress.parts({"step": np.arange(length), **parts}, "loss", guide=progress.Guide(1.5, "guessing"))
            panels.append(curves.message(progress.LOSS, data, sentence=sentence))
        curves.curves(panels, key="c", on_step=print, cards=count > 1)


def of_figures() -> None:
    for figure in ({"loss": "1.2", "steps": "3"}, {"loss": "0.4", "steps": "9"}, {"accuracy": "98.1 %"}):
        figures.figures(figures.message(figure, "figures", MOMENT), key="c")


def of_heat_map() -> None:
    look = heat_map.Look("Positions", "a table", "value", "signed")
    for panels, rows, seed in ((1, 4, 0), (1, 4, 1), (2, 3, 2)):
        matrices = {f"panel {i} of {seed}": numbers(rows, 3, seed=seed) for i in range(panels)}
        sides = heat_map.numbered("query", rows), heat_map.Side("key", [LONG, "b", "<b>"])
        heat_map.heat_map(heat_map.message(matrices, *sides, replace(look, title=f"Table {seed}")), key="c")
    sizes = np.where(np.tri(3, 4, 1) > 0, -np.abs(numbers(3, 4)), np.nan)
    sizes[2, 1], sizes[1, 1] = -np.inf, np.inf
    powers = replace(look, title="Powers", kind="power", ends=(-12.0, 2.0), chosen=1)
    sides = heat_map.numbered("prediction", 3), heat_map.numbered("state", 4)
    heat_map.heat_map(heat_map.message({"lstm": sizes}, *sides, powers), key="c", on_row=print)
    columns = replace(powers, title="Columns", kind="size", ends=(0.0, 1.5), chosen=None, column=2)
    heat_map.heat_map(heat_map.message({"lstm": sizes}, *sides, columns), key="c", on_column=print)


def of_landscape() -> None:
    for size, paths, walk in ((6, 1, None), (6, 1, None), (8, 2, "a walk")):
        ground = landscape.Ground(
            np.abs(numbers(size, size, seed=paths)) + 0.1, ((-1, 1), (-1, 1)), "x and y", "loss", "loss"
        )
        tracks = [
            landscape.Track(
                f"sgd {i}", "#4361d8", np.arange(4), numbers(4, seed=i), numbers(4, seed=i + 5), source="paper"
            )
            for i in range(paths)
        ]
        words = f"Surface of {size + paths}"
        landscape.landscape(landscape.message(words, words, ground, tracks, walk=walk), key="c")


def of_matrix_grid() -> None:
    modes = [matrix_grid.Mode("pattern", "probability", "probability"), matrix_grid.Mode("scores", "scores", "signed")]
    for layers, heads, tokens in ((1, 2, "abcd"), (1, 2, "efgh"), (2, 3, "klmno")):
        rows = []
        for layer in range(layers):
            matrices = [np.abs(numbers(heads, len(tokens), len(tokens), seed=ord(tokens[0]) + i)) for i in range(2)]
            named = [
                matrix_grid.Head(f"blocks.{layer}.attention.{h}", f"head {layer + 1}.{h + 1}", f"reads {tokens[h]}")
                for h in range(heads)
            ]
            texts = [*tokens[:-1], LONG]
            rows.append(matrix_grid.Row(f"layer {layer + 1}", matrices, named, texts, texts, gold=[(1, 0)]))
        matrix_grid.attention_map(
            rows, modes, key="c", on_head=print, on_query=print, selected=None, query=None, sentence=f"look at {tokens}"
        )


def of_merges() -> None:
    for own, text in (
        ("the cat sat on the mat " * 4, "the cat"),
        ("the cat sat on the mat " * 4, "a mat"),
        (f"{LONG} a", LONG),
    ):
        answer = tokenizers.merging("own", 280, text, own)
        merges.merges(merges.message(*parts(answer), f"{own}\n{text}"), key="c")


def of_microscope() -> None:
    for rows, columns, label in ((2, 5, "Gradients"), (2, 5, "Updates"), (3, 6, "Heads")):
        named = [microscope.Row(f"r{i}", f"row {i} of {label}", f"layer {i + 1}", "#4361d8") for i in range(rows)]
        values = np.abs(numbers(rows, columns, seed=len(label)))
        steps = np.arange(columns) * 2.0
        quantities = [microscope.Quantity("gradient", "‖g‖", values)]
        data = microscope.message(named, steps, steps, quantities, label=label, newest=12, cursor=None, height=300)
        microscope.microscope(data, key="c", height=300, on_chosen=print)


def of_model_map() -> None:
    for name, lit, level in (("reverse", 0, None), ("reverse", 2, 0.5), ("dates-fr", 1, None), ("delay-lstm", 0, 1.0)):
        made, parts = model_map_parts.parts_of(RunConfig.preset(name).model)
        zones = [
            model_map.Zone(
                ids, LONG if i == 3 else f"{part} {row}", "opens a page", lit=i == lit, level=level, words="a number"
            )
            for i, (part, row, ids) in enumerate(parts)
        ]
        model_map.model_map(made, zones, key="c", on_part=print, names=lit == 1)


def of_page_keys() -> None:
    second = {"sentence": f"Look at {LONG}.", "number": 2, "of": 10, "left": False}
    for scene in (None, second, second | {"number": 10, "left": True}):
        page_keys.page_keys(scene, key="c", on_action=print)


def of_player_bar() -> None:
    can = dict.fromkeys(["play", "single", "reset", "branch", "share", "bookmark"], True)
    data = {"run": "a", "name": "reverse", "state": "paused", "words": "paused", "step": 3, "last": 9, "live": True}
    data |= {"exact": True, "note": None, "speed": None, "can": can, "scene": None, "projector": False}
    data |= {"events": [], "kept": [0, 9], "feed": None}
    event = {"id": 1, "step": 2, "kind": "aha", "label": LONG, "tone": "good"}
    past = {"step": 2, "live": False, "state": "diverged", "words": LONG, "events": [event], "name": LONG, "speed": 5}
    past["scene"] = {"sentence": f"Look at {LONG}.", "number": 2, "of": 10}
    for changes in ({}, {"state": "finished", "words": "finished", "step": 4}, past | {"last": 20}):
        player_bar.player_bar(data | changes, key="c", on_action=print)


def of_point_map() -> None:
    for count, dims, step in ((4, 2, 3), (4, 2, 4), (6, 3, 5)):
        near = point_map.Neighbours(np.arange(count)[:, None][::-1], np.ones((count, 1)), "cosine", 16)
        frame = point_map.Frame(
            title=f"Tokens {step}",
            subject="PCA",
            step=step,
            points=numbers(count, dims, seed=step),
            labels=[*"abcdefgh"[: count - 1], LONG],
            notes=[""] * count,
            shades=[point_map.Shade("frequency", np.linspace(0, 1, count), "share", "share")],
            neighbours=near,
            quality=[("trustworthiness", f"0.{step}")],
            trust="so far",
        )
        point_map.point_map(point_map.message(frame, [], 400), key="c", on_chosen=print)


def of_rotation() -> None:
    for pairs, subject, last in ((2, "head 1.1", 8), (2, "head 1.2", 8), (3, LONG, 9)):
        q, k = numbers(pairs, 2, seed=last), numbers(pairs, 2, seed=pairs)
        turning = rotation.Turning(q, k, np.linspace(0.1, 1, pairs), 3, 1, last, subject)
        rotation.rotation(rotation.message(turning), key="c")


def of_samples() -> None:
    line = [("read", "a b"), ("", " → "), ("right", "b"), ("wrong", LONG)]
    for lines, title in (([line], "What it says"), ([line[::-1]], "What it says"), ([line, line], "Most similar")):
        parts = [samples.Part(title, "a note", lines, [("", "a foot")])]
        parts += [samples.Part("What it writes", "drawn", [], [], "text\nof two lines")] * (len(lines) - 1)
        samples.samples(samples.message(parts, "samples", MOMENT), key="c")


def of_sketch() -> None:
    paper = sketch.Paper("Draw", "a curve", "loss", 4.0, "step", 100)
    for title, others, heights in (("Draw", 0, 0), ("Draw it", 0, 1), ("Draw more", 2, 1)):
        rest = [sketch.Sketched(f"other {i}", "#c24a06", [1.0 + i] * sketch.PLACES) for i in range(others)]
        own = sketch.Sketched("yours", "#4361d8", [2.0] * (heights * sketch.PLACES))
        sketch.sketch(sketch.message(replace(paper, title=title), own, rest), high=4.0, key="c", on_drawn=print)


def of_tensor_map() -> None:
    for shape, name in (((3, 4), "w"), ((3, 4), "v"), ((7, 2), "tall")):
        matrix = numbers(*shape, seed=len(name) + ord(name[0]))
        tensor_map.tensor_map(matrix, name, key="c", selected=(1, 1), on_change=print)


def of_token_rows() -> None:
    for own, text in (("the cat sat " * 9, "the cat"), ("the cat sat " * 9, "a dog"), ("x y", LONG)):
        rows = [row_of_tokens(row) for row in tokenizers.cut("own", 280, text, own).rows]
        token_rows.token_rows(f"Text of {len(text)}", rows if own != "x y" else rows[:1], len(text), key="c")


def of_ribbons() -> None:
    for seed, tokens, source in ((0, 4, 5), (1, 4, 5), (2, 2, 30)):
        weights = np.abs(numbers(tokens, source, seed=seed)) / 4
        gold = np.eye(tokens, source) if seed != 1 else None
        answer = [*"ab c"[: tokens - 1], LONG] if seed == 2 else list("ab c")
        drawing = ribbons.message(
            f"Head {seed}", ["x"] * source, answer, weights, gold, forced=[0], place=seed or None, changed=[1]
        )
        ribbons.ribbons(drawing, key="c", on_place=print)


EXAMPLES = {name.removeprefix("of_"): call for name, call in list(globals().items()) if name.startswith("of_")}
