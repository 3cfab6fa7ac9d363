"""Predict, then reveal: the curves are hidden, the class guesses, the race runs with the guesses over it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import races, timeline
from explorer.measure.names import fixed
from explorer.runs.race import race_of
from explorer.ui import chosen, foreign, picture, refusals, server, visit
from explorer.ui.components.sketch import PLACES, Paper, Sketched, message, sketch
from explorer.ui.frame import cards
from explorer.ui.optimizers import contenders
from explorer.ui.parts import lanes
from explorer.ui.parts.lanes import Contender
from explorer.ui.view import View

VOTE_WIDTH = 180  # pixels
ROOM = 1.2  # of the loss of guessing: so high can a curve be drawn
TRAINED, GUESSED = "as it is trained", "as the class drew it"
DASHES = {TRAINED: (1, 0), GUESSED: (5, 4)}
COMPUTED = (
    "Votes and drawn curves stay in this browser tab. **The winner** is the contender with the lowest mean loss "
    "over the last 20 steps before the step looked at, or before the last that all have come to; one that diverged "
    "cannot win. **Off by**: the mean distance of a drawn curve, straight from place to place, from the contender’s "
    "own, over the steps taken so far."
)


@dataclass
class Guess:
    """What the class says of a race: votes by contender, and by contender the losses drawn at PLACES over `steps`."""

    race: str = ""
    steps: int = 0
    votes: dict[str, int] = field(default_factory=dict)
    sketches: dict[str, list[float]] = field(default_factory=dict)
    revealed: bool = False


def show(view: View) -> None:
    """The guesses while all is hidden; afterwards the race with the guesses over it."""
    race = race_of(view.run)
    if race is None:
        st.markdown("A race has to be set up first. It waits at step 0 until the class has guessed.")
        st.button(
            "Set up a race of SGD, AdamW and Muon on this run’s task",
            key="predict-set-up",
            type="primary",
            icon=":material/visibility_off:",
            on_click=lambda: contenders.launch(contenders.usual(view.run.config), paused=True),
            help=contenders.ON_THIS,
        )
        return
    guess = visit.kept(Guess, race.id)
    guess.race = race.id
    guess.steps = guess.steps or view.config.train.steps or max(view.last, contenders.STEPS)
    rivals = lanes.contenders(view)
    if guess.revealed:
        reveal(view, rivals, guess)
    else:
        ask(view, rivals, guess)
    picture.computed(COMPUTED, lanes.ranked, title="How the winner is told")


def ask(view: View, rivals: list[Contender], guess: Guess) -> None:
    """Hands up for each contender, and a curve for any of them."""
    with cards("predict", 1)[0]:
        st.markdown("**Who wins?** The curves are hidden until you reveal them. Count the hands:")
        with st.container(horizontal=True):
            for contender in rivals:
                key = f"votes:{guess.race}:{contender.name}"
                counted = guess.votes.get(contender.name, 0)  # kept while others are looked at
                guess.votes[contender.name] = int(
                    st.number_input(foreign.text(contender.name), 0, 500, counted, key=key, width=VOTE_WIDTH)
                )
        draw(view, rivals, guess)
        st.button(
            "Reveal: run the race",
            key="reveal",
            type="primary",
            icon=":material/visibility:",
            on_click=run,
            args=(view, guess),
        )
        picture.look_for("predict", favourite(guess))


def favourite(guess: Guess) -> str:
    """For whom the class is."""
    top = max(guess.votes.values(), default=0)
    names = [name for name, votes in guess.votes.items() if votes == top and top]
    if names:
        return f"the class is for {' and '.join(names)} with {top} of {sum(guess.votes.values())} votes."
    count = f"; {len(guess.sketches)} of {len(guess.votes)} curves are drawn" if guess.sketches else ""
    return f"nobody has voted yet{count}; the race can be revealed all the same."


def draw(view: View, rivals: list[Contender], guess: Guess) -> None:
    """The loss that the class expects of each contender along the way, drawn one after the other."""
    by_name = {contender.name: contender for contender in rivals}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Draw the loss of", list(by_name), key=f"curve-of:{guess.race}", width=320)

        def wipe() -> None:
            guess.sketches.pop(name, None)

        st.button(
            "Wipe it", key="wipe", icon=":material/ink_eraser:", on_click=wipe, disabled=name not in guess.sketches
        )
    guessing, _ = view.about.guessing
    high = ROOM * guessing
    paper = Paper(
        "What the class expects",
        f"Loss of {name} over steps as the class expects it; even odds have {fixed(guessing, 2)}",
        f"{view.about.unit} per {view.about.answer}",
        high,
        "step",
        guess.steps,
    )
    others = [
        Sketched(n, by_name[n].color, heights) for n, heights in guess.sketches.items() if n != name and n in by_name
    ]
    data = message(
        paper,
        Sketched(name, by_name[name].color, guess.sketches.get(name, ())),
        others,
        visit.state().projector,
    )

    def keep(heights: list[float]) -> None:
        guess.sketches[name] = heights

    sketch(data, high=high, key=f"sketch:{guess.race}", on_drawn=keep)


def run(view: View, guess: Guess) -> None:
    """Shows the curves and lets the race go on, if it is not over."""
    guess.revealed = True
    if any(member.status.state not in ("finished", "diverged") for member in server.racing(view.run).values()):
        visit.state().step = None
        server.obeyed(server.host().order(view.run.path, "play"))


def reveal(view: View, rivals: list[Contender], guess: Guess) -> None:
    """The curves with the guesses over them, and who was right."""
    raced_lanes = [lanes.lane(contender, "steps") for contender in rivals]
    raced, sketches = races.parts(raced_lanes, "loss", view.cursor), guessed(rivals, guess)
    panel = races.loss_panel(view.about.unit, view.about.answer, raced_lanes)
    if sketches:
        panel = replace(panel, dashes=DASHES)
    with cards("revealed", 1)[0]:
        picture.curves(panel, [*({"part": TRAINED} | part for part in raced), *sketches], "predicted")
        st.html(f"<p><b>{escape(result(view, rivals, guess))}</b></p>")
        picture.look_for("revealed", off_by(rivals, guess, view.about.unit))
        with st.container(horizontal=True):

            def hide() -> None:
                guess.revealed = False

            st.button("Hide again", key="hide-again", icon=":material/visibility_off:", on_click=hide)
            st.button(
                "Guess anew, from the start",
                key="guess-anew",
                icon=":material/replay:",
                on_click=anew,
                args=(view,),
                help="The same contenders from the same initial weights, as a new race that waits at step 0.",
            )


def anew(view: View) -> None:
    """The same race again, waiting to be guessed."""
    try:
        chosen.begin_again(view.run, paused=True)
        visit.state().rerun = True
    except ValueError as error:
        refusals.keep(str(error))


def places(steps: int) -> np.ndarray:
    """The steps at which a drawn curve has a height, (PLACES,)."""
    return np.linspace(0, steps, PLACES)


def guessed(rivals: list[Contender], guess: Guess) -> list[dict[str, Any]]:
    """The curves that the class drew, in the contenders' colours."""
    return [
        part
        for contender in rivals
        if contender.name in guess.sketches
        for part in timeline.curve(
            "earlier",
            places(guess.steps),
            np.array(guess.sketches[contender.name]),
            series=contender.name,
            color=contender.color,
            part=GUESSED,
        )
    ]


def result(view: View, rivals: list[Contender], guess: Guess) -> str:
    """Who won or leads, and how many saw it coming."""
    step = lanes.compared_at(rivals, view.step)
    ranked = lanes.ranked(rivals, step)
    over = all(r.status.state in ("finished", "diverged") for c in rivals for r in c.runs.values())
    if all(map(lanes.diverged, rivals)):
        return "All diverged: nobody won."
    if not ranked:
        return "The race begins." if view.live else "At step 0 nobody leads: no step has been taken."
    winner, loss, _ = ranked[0]
    score = f"{fixed(loss, 3)} {view.about.unit}"
    won = over and view.step >= view.last
    who = f"{winner.name} wins with {score}." if won else f"{winner.name} leads at step {step:,} with {score}."
    votes, total = guess.votes.get(winner.name, 0), sum(guess.votes.values())
    right = f"{votes} of {total} saw it coming." if total else "Nobody had voted."
    return f"{who} {right}"


def off_by(rivals: list[Contender], guess: Guess, unit: str) -> str:
    """How far the class's curves are from what happened: the nearest one, and where the farthest is worst."""
    parts = []
    for contender in rivals:
        heights, curve = guess.sketches.get(contender.name), contender.first.curve(lanes.POINTS)
        if heights is None or not len(curve["step"]):
            continue
        guessed_losses = np.interp(curve["step"], places(guess.steps), heights)
        off = np.abs(guessed_losses - curve["loss_mean"])
        at = int(np.nanargmax(off))
        words = (
            f"most at step {int(curve['step'][at]):,}: {fixed(guessed_losses[at], 2)} was said, "
            f"{fixed(curve['loss_mean'][at], 2)} it was"
        )
        parts.append((float(np.nanmean(off)), contender.name, words))
    if not parts:
        hint = "its first steps are being trained" if guess.sketches else "the early leader need not be the winner"
        return f"where the curves part: {hint}."
    mean, name, words = max(parts)
    if len(parts) == 1:
        return f"the class’s curve for {name} is off by {fixed(mean, 2)} {unit} on average so far, {words}."
    least, best, _ = min(parts)
    return (
        f"the class knew {best} best, off by {fixed(least, 2)} {unit} on average so far, and {name} least, off by "
        f"{fixed(mean, 2)}, {words}."
    )
