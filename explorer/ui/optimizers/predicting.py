"""Predict, then reveal: the curves are hidden, the class guesses, the race runs with the guesses over it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import races, theme, timeline
from explorer.runs.race import race_of
from explorer.ui import picture, server
from explorer.ui.frame import cards
from explorer.ui.optimizers import contenders, lanes
from explorer.ui.optimizers.lanes import Contender
from explorer.ui.view import View

SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)  # of the steps, at which the class says the loss
COMPUTED = (
    "Votes and the guessed curve stay in this browser tab. **The winner** is the contender with the lowest mean loss "
    "over the last 20 steps before the step looked at; one that diverged cannot win. **Off by**: the mean distance of "
    "the guessed curve, straight from point to point, from the contender’s own, over the steps taken so far."
)


@dataclass
class Guess:
    """What the class says: votes by contender, and the loss of one of them at SHARES of the steps."""

    votes: dict[str, int] = field(default_factory=dict)
    of: str = ""
    losses: list[float] = field(default_factory=list)
    revealed: bool = False


def show(view: View) -> None:
    """The guesses while all is hidden; afterwards the race with the guesses over it."""
    race = race_of(view.run)
    if race is None:
        st.markdown("A race has to be set up first. It waits at step 0 until the class has guessed.")
        st.button(
            "Set up a race of SGD, AdamW and Muon",
            key="predict-set-up",
            type="primary",
            icon=":material/visibility_off:",
            on_click=lambda: contenders.launch(contenders.usual(), paused=True),
        )
        return
    guesses = st.session_state.setdefault("guesses", {})
    guess: Guess = guesses.setdefault(race.id, Guess())
    found = lanes.contenders(view)
    if guess.revealed:
        reveal(view, found, guess)
    else:
        ask(view, found, guess)
    picture.computed(COMPUTED, lanes.ranked, title="How the winner is told")


def ask(view: View, found: list[Contender], guess: Guess) -> None:
    """Hands up for each contender, and a curve for one."""
    with cards("predict", 1)[0]:
        st.markdown("**Who wins?** The curves are hidden until you reveal them. Count the hands:")
        for place, contender in zip(st.columns(len(found)), found, strict=True):
            votes = place.number_input(contender.name, 0, 500, key=f"votes:{view.run.id}:{contender.name}")
            guess.votes[contender.name] = int(votes)
        if st.toggle("Draw a curve too", key=f"draw:{view.run.id}"):
            draw(view, found, guess)
        else:
            guess.of, guess.losses = "", []
        st.button(
            "Reveal: run the race",
            key="reveal",
            type="primary",
            icon=":material/visibility:",
            on_click=run,
            args=(view, guess),
        )
        top = max(guess.votes.values(), default=0)
        favourites = [name for name, votes in guess.votes.items() if votes == top and top]
        picture.look_for(
            "predict",
            f"the class is for {' and '.join(favourites)} with {top} of {sum(guess.votes.values())} votes."
            if favourites
            else "nobody has voted yet; the race can be revealed all the same.",
        )


def draw(view: View, found: list[Contender], guess: Guess) -> None:
    """The loss that the class expects of one contender along the way."""
    guessing = math.log(view.about["vocabulary"])
    guess.of = st.selectbox("Whose loss", [c.name for c in found], key=f"curve-of:{view.run.id}", width=320)
    values = []
    for place, share in zip(st.columns(len(SHARES)), SHARES, strict=True):
        words = f"after {share:.0%} of the steps"
        start = round(guessing * (1 - 0.6 * share), 1)
        key = f"curve:{view.run.id}:{share}"
        values.append(place.slider(words, 0.0, round(1.2 * guessing, 1), start, 0.1, key=key, format="%.1f nats"))
    guess.losses = values


def run(view: View, guess: Guess) -> None:
    """Shows the curves and lets the race go on, if it is not over."""
    guess.revealed = True
    if any(own.status.state not in ("finished", "diverged") for own in server.racing(view.run).values()):
        st.session_state.step = None
        server.obeyed(server.host().order(view.run.path, "play"))


def reveal(view: View, found: list[Contender], guess: Guess) -> None:
    """The curves with the guess over them, and who was right."""
    drawn = races.parts([lanes.lane(contender, "steps") for contender in found], "loss", view.cursor)
    steps = view.config.train.steps or view.last
    if guess.losses:
        drawn += guessed(view, guess, steps)
    with cards("revealed", 1)[0]:
        picture.curves(races.LOSS, drawn, "predicted")
        st.markdown(f"**{result(view, found, guess)}**")
        picture.look_for("revealed", off_by(found, guess, steps))

        def hide() -> None:
            guess.revealed = False

        st.button("Hide again", key="hide-again", icon=":material/visibility_off:", on_click=hide)


def guessed(view: View, guess: Guess, steps: int) -> list[dict[str, Any]]:
    """The class's curve, from guessing at step 0."""
    at = np.array([0.0, *SHARES]) * steps
    values = np.array([math.log(view.about["vocabulary"]), *guess.losses])
    return timeline.curve("validation", at, values, series=f"the class’s {guess.of}", color=theme.OUTSIDE)


def result(view: View, found: list[Contender], guess: Guess) -> str:
    """Who won or leads, and how many saw it coming."""
    ranked = lanes.ranked(found, view.step)
    over = all(r.status.state in ("finished", "diverged") for c in found for r in c.runs.values())
    if not ranked:
        return "All diverged: nobody won." if over else "The race begins."
    winner, loss, _ = ranked[0]
    verb = "wins" if over and view.step >= view.last else f"leads at step {view.step}"
    votes, total = guess.votes.get(winner.name, 0), sum(guess.votes.values())
    right = f" {votes} of {total} saw it coming." if total else " Nobody had voted."
    return f"{winner.name} {verb} with {loss:.3f} nats.{right}"


def off_by(found: list[Contender], guess: Guess, steps: int) -> str:
    """How far the class's curve is from what happened."""
    own = [contender for contender in found if contender.name == guess.of]
    if not guess.losses or not own:
        return "where the curves part: the early leader need not be the winner."
    curve = own[0].first.curve(lanes.POINTS)
    if not len(curve["step"]):
        return f"the class has drawn {guess.of}’s loss; its first step is being trained."
    start = curve["loss_mean"][0]
    said = np.interp(curve["step"], np.array([0.0, *SHARES]) * steps, [start, *guess.losses])
    off = np.abs(said - curve["loss_mean"])
    worst = int(np.nanargmax(off))
    return (
        f"the class’s curve for {guess.of} is off by {np.nanmean(off):.2f} nats on average so far, most at step "
        f"{int(curve['step'][worst])}: {said[worst]:.2f} was said, {curve['loss_mean'][worst]:.2f} it was."
    )
