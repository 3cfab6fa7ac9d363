"""How learning goes: loss against knowing nothing, and how often it is right; and the step's own numbers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from explorer.charts import progress
from explorer.measure.names import finite, fixed, lost, percent
from explorer.runs.events import examples
from explorer.ui import picture
from explorer.ui.frame import board
from explorer.ui.picture import Curves
from explorer.ui.view import View

POINTS = 400
HEIGHT = 230
CALM_SECONDS = 0.8
RIGHT = replace(progress.METRIC, height=HEIGHT)

NOISE = r"""
The mean over true words and noise words of the batch of $-\log \sigma(u \cdot v)$ and $-\log \sigma(-u \cdot v)$, in
nats (Mikolov et al. 2013b). Knowing nothing: who says of every word that it is the true one with the chance $1/(1+k)$
that it has beside $k$ noise words. Right is a pair whose true word scores above all its noise; chance is $1/(1+k)$.
Validation is measured on every tenth block of the text, which is never trained on.
"""
COUNTED = r"""
The mean over pairs of words of $f(x)\,(u \cdot v + b + c - \log x)^2$, with $x$ how often they stand near each other
(Pennington et al. 2014). Knowing nothing: who says the same of every pair, the best that can be said so. Right is a
pair whose count is told within a factor of two; chance is the most that one answer for all gets right. All pairs are
trained on, so nothing is held out.
"""


def show(view: View) -> None:
    """Numbers, loss and right answers."""
    numbers(view)
    curve, about = view.run.curve(POINTS), view.about
    marks: dict[str, Any] = {"events": view.events, "cursor": view.cursor}
    validation = view.run.validation
    marks["validation"] = validation if len(validation["step"]) else None
    loss, words = about.guessing
    guessing = progress.Guide(loss, f"knowing nothing: {words}")
    chance = progress.Guide(about.chance, f"chance: {percent(about.chance, 1)}")
    panel = progress.loss_panel(about.unit, about.answer, HEIGHT)
    losses = progress.parts(curve, "loss", guide=guessing, **marks)
    right = partial(progress.parts, curve, "metric", guide=chance, **marks)
    row = view.run.step_row(min(view.step, view.last - 1))
    share = "nothing" if row is None else percent(row["metric"], 1)
    share_words = f"{share} right ({about.metric}); knowing nothing: {percent(about.chance, 1)}."
    with board("words"):
        picture.panels(
            "words",
            [
                Curves(panel, losses, sentence(view)),
                Curves(RIGHT, right, share_words, every=CALM_SECONDS, of=view.moment),
            ],
        )
    text = COUNTED if view.about.answer == "pair" else NOISE
    picture.computed(text, title="How loss and right answers are computed")


def numbers(view: View) -> None:
    """The step's own numbers."""
    row = view.run.step_row(view.step if view.step < view.last else view.last - 1)
    pace, batch = view.run.pace(), pairs_a_step(view)
    speed = "Speed" if view.status.state == "training" else "Last speed"
    steps = view.config.train.steps
    picture.figures(
        {
            "Step": f"{view.step:,}" + (f" of {steps:,}" if steps else ""),
            "Loss": "–" if row is None else fixed(row["loss"], 4),
            "Right": "–" if row is None else percent(row["metric"], 1),
            "Pairs": f"{examples(view.run.config, view.run.events, view.step):,}",
            speed: "–" if pace is None else f"{pace * batch:,.0f} pairs/s",
            "Words known": f"{view.about.vocabulary:,}",
        }
    )


def pairs_a_step(view: View) -> int:
    """Pairs that the newest step was trained on: the speed is that of the newest steps, whichever is looked at."""
    train = view.run.config_at(max(0, view.last - 1)).train
    return train.batch * train.accumulate


def sentence(view: View) -> str:
    """What the loss of this run says at this step."""
    row = view.run.step_row(min(view.step, view.last - 1))
    loss, _ = view.about.guessing
    if row is None:
        return f"who knows nothing of the words has a loss of {fixed(loss, 3)}; the vectors begin near zero."
    if not finite(row["loss"]):
        return lost("the loss", row["step"])
    away = abs(loss - row["loss"])
    held = view.run.validation
    gap = ""
    if len(held["step"]) and view.live and held["loss"][-1] > row["loss"] + 0.02:
        gap = f" On the tenth of the text that is never trained on it is {fixed(held['loss'][-1], 3)}."
    return (
        f"at step {row['step']:,} the loss is {fixed(row['loss'], 3)}, {fixed(away, 3)} "
        f"{'above' if row['loss'] > loss else 'below'} knowing nothing.{gap}"
    )
