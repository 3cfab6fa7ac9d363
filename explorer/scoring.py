"""The command `score`: how good a run's answers are, and whether another step or run is better. As in commands.py."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.measure.names import fixed, percent
from explorer.measure.text.scores import METRICS

WIDTH = 26  # characters of a column

if TYPE_CHECKING:
    from explorer.answers.records.translating.scores import Comparison, Difference, Score, ScoreHistory, Scores
    from explorer.runs.restored import Progress


def score(options: argparse.Namespace) -> None:
    """Prints the scores of a run at a step, those of two beside their difference, or those of many in one table."""
    from tqdm import tqdm

    from explorer.answers.translating import scores

    if len(options.run) > 1:
        many(options)
        return
    if options.ray is not None:
        raise ValueError("--ray goes with several runs; name more than one, or leave it out")
    (only,) = options.run
    path, step = at(only, options.step)
    versus = options.against is not None or options.against_step is not None
    if options.over_training and (versus or options.examples is not None):
        raise ValueError("--over-training goes with neither --against nor --examples; leave one out")
    examples = scores.EXAMPLES if options.examples is None else options.examples
    quiet = not sys.stderr.isatty()
    with tqdm(total=0, unit="example", disable=quiet, leave=False) as bar:
        if options.over_training:
            curve = scores.history(path, step, progress=shown(bar))
            print(json.dumps(plain(curve)) if options.json else over_training(curve))
            return
        if not versus:
            one = scores.scores(path, step, examples, progress=shown(bar))
            print(json.dumps(asdict(one)) if options.json else table(one))
            return
        other_path, other = at(options.against or only, options.against_step)
        pair = scores.against(path, step, other, other_path, examples, progress=shown(bar))
    names = [f"{Path(p).name} at step {s}" for p, s in ((path, step), (other_path, other))]
    print(json.dumps(asdict(pair)) if options.json else compared(pair, *names))


def many(options: argparse.Namespace) -> None:
    """Prints the scores of several runs at their newest steps, on a Ray cluster or here; one that is refused says why.

    ValueError for what goes with one run alone.
    """
    from explorer.answers.translating.scores import EXAMPLES, MOST
    from explorer.measure.decoding import within

    alone = {"--step": options.step, "--against": options.against, "--against-step": options.against_step}
    alone["--over-training"] = options.over_training or None
    if wrong := [name for name, value in alone.items() if value is not None]:
        raise ValueError(f"{wrong[0]} goes with one run; name one, or leave it out")
    examples = EXAMPLES if options.examples is None else options.examples
    within(examples=(examples, 2, MOST))
    rows: dict[Path, Scores | str] = {}
    for path in options.run:
        at(path, None)  # refused before the first is scored
    for path, one in each(options.run, examples, options.ray):
        rows[path] = one
        if not options.json:
            print(one_of_many(path, one), flush=True)
    if options.json:
        content = {str(path): {"refused": one} if isinstance(one, str) else asdict(one) for path, one in rows.items()}
        print(json.dumps(content))


def each(paths: list[Path], examples: int, ray: str | None) -> Iterator[tuple[Path, Scores | str]]:
    """Each run's scores, or the sentence by which it is refused. ray: the cluster's address; None: here, in turn."""
    from explorer.answers.records.record import decoder
    from explorer.answers.records.translating.scores import Scores
    from explorer.answers.translating import scores
    from explorer.cluster import address, scoring
    from explorer.cluster.away import Lost

    left = list(paths)
    if ray is not None:
        try:
            for path, message in scoring.scored(paths, examples, ray):
                left.remove(path)
                yield path, message["refused"] if "refused" in message else decoder(Scores)(message["scores"], {})
        except Lost as lost:
            why = str(lost).partition(f", {address.HERE}")[0]
            print(f"{why}; the runs that are left are scored here, one after the other", file=sys.stderr)
    for path in left:
        try:
            yield path, scores.scores(*at(path, None), examples)
        except ValueError as error:
            yield path, str(error)


def one_of_many(path: Path, one: Scores | str) -> str:
    """A run's scores in one line."""
    if isinstance(one, str):
        return f"{path.name}: {one}"
    values = ", ".join(f"{METRICS[name].title} {written(name, each.value)}" for name, each in one.scores.items())
    return f"{path.name} at step {one.step}: {values}"


def at(path: Path, step: int | None) -> tuple[str, int]:
    """A run's path and a step of it, the newest if none is given. ValueError if it never reached that step."""
    from explorer import Run

    run = Run.open(path)
    last = run.last
    run.close()
    if step is not None and not 0 <= step <= last:
        raise ValueError(f"{path.name} has steps 0 to {last} and not {step}; choose one of them")
    return str(path.absolute()), last if step is None else step


def shown(bar) -> Progress:  # type: ignore[no-untyped-def]  # tqdm has no types
    """What moves the progress bar."""

    def progress(done: int, of: int) -> None:
        bar.total = of
        bar.n = done
        bar.refresh()

    return progress


def plain(curve: ScoreHistory) -> dict[str, object]:
    """Curves as JSON has them; what is undefined is null."""
    values = {name: [x if math.isfinite(x) else None for x in each.tolist()] for name, each in curve.scores.items()}
    return {"steps": curve.steps.tolist(), "scores": values, "copies": curve.copies, "examples": curve.examples}


def over_training(curve: ScoreHistory) -> str:
    """The scores of each snapshot in a row."""
    titles = [f"{METRICS[name].title:>{WIDTH}}" for name in curve.scores]
    rows = [
        f"{step:>7}" + "".join(f"{written(name, each[at]):>{WIDTH}}" for name, each in curve.scores.items())
        for at, step in enumerate(curve.steps.tolist())
    ]
    return "\n".join(["   step" + "".join(titles), *rows])


def written(name: str, value: float | None) -> str:
    """A score as a person reads it."""
    if value is None:
        return "–"
    return percent(value) if METRICS[name].scale == 1 else fixed(value, 1 if METRICS[name].scale else 3)


def interval(name: str, one: Score | Difference) -> str:
    """Its 95 % interval, or that there is none."""
    return "none, all resamples alike" if one.low is None else f"{written(name, one.low)} to {written(name, one.high)}"


def table(one: Scores) -> str:
    """The scores line by line, with their intervals."""
    kind = "held-out examples" if one.held_out else "new examples"
    lines = [f"step {one.step}, {one.examples} {kind}, {one.tokens} tokens, each {one.tokenizer}"]
    for name, each in one.scores.items():
        title = f"{METRICS[name].title:25}"
        if each.undefined:
            lines.append(f"{title} {each.undefined}")
            continue
        copy = "" if each.copy is None else f"   copying the input: {written(name, each.copy)}"
        lines.append(f"{title} {written(name, each.value):>9}   95 %: {interval(name, each)}{copy}")
        if each.signature:
            lines.append(f"{'':25} {each.signature}")
    return "\n".join(lines)


def compared(pair: Comparison, first: str, second: str) -> str:
    """Both, and the lead of the second, line by line."""
    lines = [f"{first} → {second}, {pair.examples} examples, paired bootstrap"]
    for name, each in pair.scores.items():
        title = f"{METRICS[name].title:25}"
        if each.undefined:
            lines.append(f"{title} {each.undefined}")
            continue
        values = f"{written(name, each.first)} → {written(name, each.second)}"
        chance = "no resample differs" if each.p is None else f"p {fixed(each.p, 3)}"
        lead = f"{written(name, each.lead)} (95 %: {interval(name, each)})"
        lines.append(f"{title} {values}   difference {lead}, {chance}")
    return "\n".join(lines)
