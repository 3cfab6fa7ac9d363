"""Our pages beside a bare Streamlit page: the same gestures in one run, in turns, times from the eye.

- *start*: from starting the server process (not its first start in a home) to the first Train button usable.
- *first line*: from the click on a card, or on the bare page's button, to the frame that has a loss line in it. Every
  click is made by a new visit that has looked for READING ms, with no other run training; both have trained before.
- *moves*: from the same click to the first frame in which that line has grown.
- *slider*: from the key on the learning rate to the frame with its event mark; on the bare page, with its value.
- *scrubber*: from the press to the frame with that step's attention patterns, while a run trains; on the bare page the
  same patterns lie ready and are painted on one canvas.
- *updates*: new numbers, and new attention patterns or a new chart, painted a second while a run trains.
- *aha*, ours alone: from the click on play, of a reverse run opened at step 0, to the frame in which the share of right
  tokens has been 99 % once and a head's mirror line is as clear as the attention page asks for a name.

A ratio is taken within a round, of the medians of both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from statistics import median

import numpy as np
from playwright.sync_api import Page

from benchmarks.dashboard import leave, new_home, seen, wait_for, window
from benchmarks.figure import Figure, Figures
from benchmarks.sides import Bare, Ours, last, resting, seconds, updates
from explorer import Run, observe
from explorer.measure.heads import CLEAR
from explorer.measure.lines import lines
from explorer.runs import catalogue

ROUNDS, MOVES, SEEDS = 4, 10, 5
SPAN = 6  # seconds of counting updates
COUNTS = (  # what, on which page, and the signs of ours and of the bare page
    ("numbers a second", "train", "nats", "bareStep"),
    ("loss lines a second", "train", "loss", "bareLoss"),
    ("heads a second", "attention", "heads", "bareLoss"),
)

Side = Ours | Bare
Take = Callable[[Side], list[float]]
Rounds = Sequence[Sequence[list[float]]]  # of each round, the values of ours and of the bare page


def quick() -> Figures:
    """The ratios of one round, without those of charts and heads a second."""
    return (figure for figure in measured(1, COUNTS[:1]) if figure.floor)


def figures() -> Figures:
    """All of them."""
    return measured(ROUNDS, COUNTS, aha=True)


def measured(rounds: int, counts: Sequence[tuple[str, str, str, str]], aha: bool = False) -> Figures:
    """In one home. counts: what is counted, of COUNTS.   aha: with the seconds of ours alone."""
    with new_home() as home, window() as page:
        ours, bare = Ours(), Bare(home / "grids.npy")
        for side in (ours, bare):
            seconds(side, page)  # fills the caches
        yield from pair("start → usable", "s", rounds, (ours, bare), lambda side: [seconds(side, page)])
        with ours.server() as ours.address, bare.server() as bare.address:
            signs: dict[Side, str] = {ours: "loss", bare: "bareLoss"}
            for side in (ours, bare):
                side.first_line(page)  # the first warms the host
                side.leave(page)

            moving: dict[Side, list[float]] = {ours: [], bare: []}

            def first(side: Side) -> list[float]:
                took = side.first_line(page)
                moving[side].append(grown(page, signs[side]))
                side.leave(page)
                return [took]

            yield from pair("click → first loss line", "ms", 2 * rounds, (ours, bare), first)
            values = [[[one] for one in both] for both in zip(moving[ours], moving[bare], strict=True)]
            yield from paired("click → something moves", "ms", values, limit="≤ 2000")
            for what, name in (("learning rate → mark", "train"), ("scrubber → heads painted", "attention")):
                yield from pair(what, "ms", rounds, (ours, bare), partial(moves, page, name))
            for what, name, sign, peer in counts:
                take = partial(painted, page, name, {ours: sign, bare: peer})
                yield from pair(what, "/s", rounds, (ours, bare), take, "≥ 0.8")
            if aha:
                yield Figure("click → 99 % right and the anti-diagonal there", None, "s", ahas(page, ours.address))


def pair(
    what: str, unit: str, rounds: int, sides: tuple[Ours, Bare], take: Take, floor: str = "≤ 1.5"
) -> Iterator[Figure]:
    """The ratio of ours to the bare page's, then both sides. take: one round's values of a side."""
    yield from paired(what, unit, [[take(side) for side in sides] for _ in range(rounds)], floor)


def paired(what: str, unit: str, values: Rounds, floor: str = "≤ 1.5", limit: str | None = None) -> Iterator[Figure]:
    """The same of what is measured. limit: the floor of ours alone."""
    yield Figure(f"{what}, ours / bare", floor, "×", [median(mine) / median(other) for mine, other in values])
    for name, of_side in zip(("ours", "bare"), zip(*values, strict=True), strict=True):
        yield Figure(
            f"  {name}", limit if name == "ours" else None, unit, [value for values in of_side for value in values]
        )


def grown(page: Page, sign: str) -> float:
    """Milliseconds from the newest click to the second loss line after it."""
    clicked = last(page, "click")
    entries = [(ms, value) for ms, name, value in seen(page) if name == sign and ms > clicked and value is not None]
    if len(entries) > 1:
        return entries[1][0] - clicked
    return wait_for(page, sign, 0, f"value !== null && value !== {entries[0][1]!r} && ms > {clicked}") - clicked


def moves(page: Page, name: str, side: Side) -> list[float]:
    """Milliseconds of each of a round's moves, of the scrubber on the page of attention, else of the slider."""
    side.train(page, name)
    page.wait_for_timeout(3000)  # there is a past to be looked at
    move, took = side.scrub if name == "attention" else side.slide, []
    for nth in range(MOVES):
        took.append(move(page, nth))
        page.wait_for_timeout(resting(nth))
    side.leave(page)
    return took


def painted(page: Page, name: str, signs: dict[Side, str], side: Side) -> list[float]:
    """Updates a second of the side's sign in one span."""
    side.train(page, name)
    page.wait_for_timeout(2000)
    rate = updates(page, signs[side], SPAN)
    side.leave(page)
    return [rate]


def ahas(page: Page, address: str) -> list[float]:
    """Seconds from play to 99 % and a clear mirror line, for each seed."""
    times = []
    for seed in range(1, SEEDS + 1):
        page.goto(f"{address}/train?preset=reverse&train.seed={seed}&paused=1")
        page.locator(".player-bar .play").click()
        wait_for(page, "right", test="value >= 99")
        page.wait_for_timeout(1500)
        noted, clicked = seen(page), last(page, "click")
        leave(page)
        run = Run.open(catalogue.newest(1)[0])
        line_at = next((s for s in run.snapshot_steps if mirror(run, s) > CLEAR), np.inf)
        run.close()
        right = next(ms for ms, sign, value in noted if sign == "right" and value and float(value) >= 99)
        there = [ms for ms, sign, value in noted if sign == "step" and value and int(value) >= line_at]
        times.append((max(right, there[0] if there else np.inf) - clicked) / 1000)
    return times


def mirror(run: Run, step: int) -> float:
    """The clearest anti-diagonal of any head at a step: mean probability on it."""
    trace = observe(run.model_at(step), run.task.probe(), gradients=False, wanted=lambda n: n.endswith(".pattern"))
    of_heads = [lines(pattern) for patterns in trace.values.values() for pattern in patterns[0]]
    return max((of_head["mirror"].score for of_head in of_heads if "mirror" in of_head), default=0.0)
