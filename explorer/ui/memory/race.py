"""Race: which kind of network remembers for how long, with equally many numbers to learn, on the same batches."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import streamlit as st

from explorer.answers.records.recurrence import ByDelay
from explorer.charts import positions as charts
from explorer.charts import races
from explorer.config.memory_race import STEPS, VALLEY_SEEDS, is_one
from explorer.measure.chance import above_chance
from explorer.measure.names import listed, percent
from explorer.measure.recurrence import remembered
from explorer.runs.race import race_of
from explorer.ui import foreign, picture
from explorer.ui.frame import board, cards
from explorer.ui.memory import racers
from explorer.ui.parts import lanes
from explorer.ui.parts.lanes import Contender
from explorer.ui.picture import Curves
from explorer.ui.view import View

EVERY = 0.75  # seconds, for each run of the race, between two measurements while they train
PATIENCE = 0.2  # seconds that all measurements together are waited for
LOSS = replace(races.LOSS, height=300, text="Loss of each network")
METRIC = replace(races.METRIC, height=300, text="Right answers of each network", legend=True)
COMPUTED = (
    "Every example has a delay of its own, drawn evenly from 0 to 64 tokens, so that one run is asked at all of them. "
    "The share right is counted on the same 128 unseen examples of two symbols at each delay, for every run and step. "
    "**Memory reaches N tokens**: at every delay asked up to N, 90 % or more are right. With several seeds the line is "
    "their mean, and the band goes from the lowest to the highest. Each learning rate is the lowest point of its own "
    f"valley, measured as the mean loss of the last 20 of {STEPS:,} steps over {VALLEY_SEEDS} seeds: "
    f"{racers.valleys()}. LSTM and GRU begin with a bias of 3 at the gate that keeps."
)


def show(view: View | None) -> None:
    """The form, the curves while they train, and the share right by delay."""
    if view is None or race_of(view.run) is None or not is_one(view.config):
        racers.form()
        return
    lanes.look_at(view, "memory-race")
    contenders = lanes.contenders(view)
    drawn = [lanes.lane(contender, "steps") for contender in contenders]
    left, right = cards("memory-race", 1.25, 1)
    with right:
        picture.curves(METRIC, races.parts(drawn, "metric", view.cursor), "memory-race-right")
    with left:
        if view.first:  # the curves first; the rest a quarter of a second later
            view.waits.append("computing…")
        measured = {} if view.first else by_delay(view, contenders)
        lines = [line(contender, measured.get(contender.name, [])) for contender in contenders]
        data = charts.frame([one for one in lines if one])
        picture.show(charts.by_delay, data, "by-delay", holds=charts.ends(data))
        picture.look_for("by-delay", sentence(measured, sum(len(contender.runs) for contender in contenders)))

    def more() -> None:
        with board("memory-race"):
            picture.panels("memory-race", [Curves(LOSS, races.parts(drawn, "loss", view.cursor))])
        racers.form()

    picture.details(more)
    picture.computed(COMPUTED, remembered, title="How the race is run and judged")


def by_delay(view: View, contenders: list[Contender]) -> dict[str, list[ByDelay]]:
    """What is known of each contender, one answer a seed, at the step looked at or the newest."""
    questions, every = [], EVERY * sum(len(contender.runs) for contender in contenders)
    for contender in contenders:
        for run in contender.runs.values():
            step = run.newest_snapshot() if view.live else min(view.step, run.last)
            one = replace(view, run=run, step=step, last=run.last, place=f"memory {run.id}")
            questions.append((contender.name, one, one.question(ByDelay, every, "slow")))
    end = time.monotonic() + PATIENCE
    known: dict[str, list[ByDelay]] = {contender.name: [] for contender in contenders}
    for name, one, question in questions:
        try:
            if not question.wait(max(0.0, end - time.monotonic())):
                one.wait_for(question, "computing…")
        except ValueError as error:
            st.warning(foreign.sentence(str(error)), icon=":material/info:")
        if question.shown is not None:
            known[name].append(question.shown)
    return known


def line(contender: Contender, answers: list[ByDelay]) -> list[dict]:
    """The mean over seeds of the share right by delay, in the band from the least to the most."""
    if not answers:
        return []
    right = np.array([answer.right for answer in answers])
    delays = np.array(answers[0].delays, dtype=float)
    return charts.line(delays, right.mean(0), contender.name, contender.color, right.min(0), right.max(0))


def sentence(measured: dict[str, list[ByDelay]], runs: int) -> str:
    """How far the memory of each reaches, the longest first. runs: of the race, counted yet or not."""
    reaches = {
        name: sorted(remembered(answer.delays, answer.right) for answer in answers)
        for name, answers in measured.items()
        if answers
    }
    if not reaches:
        return "the first answers are being counted."
    shortest = min(answers[0].delays[0] for answers in measured.values() if answers)
    chance = percent(next(answers[0].chance for answers in measured.values() if answers), 1)
    some = [name for name in reaches if reaches[name][-1]]
    counted = sum(map(len, measured.values()))
    if counted < runs:
        chance = f"{chance}, and {counted} of {runs} runs are counted so far"
    if not some:
        return f"no memory reaches {shortest:,} tokens yet. {leading(measured, shortest)} Chance is {chance}."
    longest = sorted(some, key=lambda name: reaches[name], reverse=True)
    words = f"of the memories, {listed([reach_words(name, reaches[name]) for name in longest])}."
    if none := [name for name in reaches if name not in some]:
        words = f"{words} Under {shortest:,} tokens: {listed(none)}."
    return f"{words} Chance is {chance}."


def leading(measured: dict[str, list[ByDelay]], delay: int) -> str:
    """Which answers most rightly after a delay, by the mean of its seeds, if that is more than guessing."""
    shares = {
        name: float(np.mean([answer.right[answer.delays.index(delay)] for answer in answers]))
        for name, answers in measured.items()
        if answers
    }
    most = max(shares.values())
    first = [name for name, share in shares.items() if share == most]
    answers = measured[first[0]]
    if not above_chance(most, answers[0].chance, sum(answer.examples for answer in answers)):
        return "None is right there more often than guessing."
    return f"The most right there is {percent(most)}, by {listed(first)}."


def reach_words(name: str, reaches: list[int]) -> str:
    """How far a memory reaches, from the seed with the shortest to the one with the longest."""
    low, high = reaches[0], reaches[-1]
    return f"{name}’s reaches {high:,} tokens" if low == high else f"{name}’s reaches {low} to {high:,} tokens by seed"
