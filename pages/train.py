"""Train: loss, metric, gradient norm, speed, and what the model says."""

import math
from functools import partial
from typing import Any

import streamlit as st

from explorer.charts import progress
from explorer.measure.updates import fixed
from explorer.ui import chosen, feed, frame, picture, samples
from explorer.ui.components.figures import figures, message
from explorer.ui.frame import board
from explorer.ui.picture import Curves
from explorer.ui.view import View

POINTS = 500  # of a curve
CALM_SECONDS = 0.8  # between two drawings of what need not move as often as the loss
FED_SECONDS = 3.0  # between two drawings of the page, where the feed brings what moves


def draw(view: View) -> None:
    """The page at a step."""
    others, projector = earlier(), bool(st.session_state.get("projector"))
    figures(numbers(view), key="numbers")
    feed.offer("numbers", numbers)
    feed.offer("train", lambda view: loss(view, others).message(projector))
    with board("train"):
        drawn, moment = [loss(view, others)], feed.moment(view)
        if view.first:
            picture.panels("train", drawn, moment)
            return  # the loss first; the rest at the next tick
        drawn += calm(view, others)
        picture.panels("train", drawn, moment)
        for place in range(1, len(drawn)):
            feed.offer(f"train:{place}", partial(again, place - 1, others, projector), CALM_SECONDS)
        if view.about["answer"] == "token":
            samples.show(view)
        else:
            samples.near(view)


def calm(view: View, others: list[progress.Earlier]) -> list[Curves]:
    """What need not move as often as the loss: the metric, the gradient's norm, the learning rate, the speed."""
    curve, chance, clip = view.run.curve(POINTS), view.about["chance"], view.config.train.clip
    here: dict[str, Any] = {"events": view.events, "cursor": view.cursor}
    by_chance = progress.Guide(chance, f"chance: {chance:.1%}")
    metric = partial(progress.parts, curve, "metric", guide=by_chance, **here, **against(view, others))
    norms = partial(progress.gradient_norm_parts, curve, clip=clip, **here)
    rate = partial(progress.parts, curve, "lr", **here)
    speed = partial(progress.parts, curve, "speed", cursor=view.cursor)
    paced: dict[str, Any] = {"every": 0 if view.fed else CALM_SECONDS, "of": view.moment}
    return [
        Curves(progress.METRIC, metric, metric_sentence(view), **paced),
        Curves(progress.GRADIENT, norms, clip_sentence(view, clip), **paced),
        Curves(progress.RATE, rate, **paced),
        Curves(progress.SPEED, speed, **paced),
    ]


def again(place: int, others: list[progress.Earlier], projector: bool, view: View) -> bytes:
    """One of them for the feed."""
    return calm(view, others)[place].message(projector)


def loss(view: View, others: list[progress.Earlier]) -> Curves:
    """The loss beside what guessing would give, and that of other runs."""
    guess, words = view.about["guessing"]
    guide = progress.Guide(guess, f"guessing: {words}")
    compared = {"events": view.events, "cursor": view.cursor} | against(view, others)
    parts = progress.parts(view.run.curve(POINTS), "loss", guide=guide, **compared)
    return Curves(progress.loss_panel(view.about["unit"], view.about["answer"]), parts, loss_sentence(view, guess))


def against(view: View, others: list[progress.Earlier]) -> dict[str, Any]:
    """What a curve is drawn beside."""
    held_out = view.run.validation
    return {"validation": held_out if len(held_out["step"]) else None, "earlier": others}


def earlier() -> list[progress.Earlier]:
    """The other runs of this visit, named by what differs."""
    return [
        progress.Earlier(chosen.differences(run), index, run.curve(POINTS))
        for index, run in enumerate(chosen.earlier_runs())
    ]


def numbers(view: View) -> bytes:
    """The step's own numbers, outside the charts so that nothing in them moves."""
    row = view.run.step_row(view.step if view.step < view.last else view.last - 1)
    steps, speed = view.config.train.steps, view.run.speed()
    left = duration((steps - view.last) / speed) if steps and speed and view.status.state == "training" else "–"
    told = {
        "Step": f"{view.step:,}" + (f" of {steps:,}" if steps else ""),
        "Loss": "–" if row is None else fixed(row["loss"], 4),
        "Right": "–" if row is None else f"{row['metric']:.1%}",
        f"{view.about['answer'].capitalize()}s asked": "–" if row is None else f"{row['tokens']:,}",
        "Speed": "–" if speed is None else f"{speed:.0f} steps/s",
        "Time left": left,
    }
    return message(told, "numbers", feed.moment(view))


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    seconds = max(0, round(seconds))
    return f"{seconds} s" if seconds < 90 else f"{seconds // 60} min {seconds % 60:02d} s"


def loss_sentence(view: View, guessing: float) -> str:
    """What the loss of this run says at this step."""
    row = view.run.step_row(min(view.step, view.last - 1))
    where = "above" if row is not None and row["loss"] > guessing else "below"
    if view.about["answer"] != "token":
        told = f"it falls below {guessing:.2f} only when vectors know something of their words."
        return told if row is None else f"at step {row['step']} the loss is {row['loss']:.3f}, {where} guessing; {told}"
    if row is None:
        return f"the first loss will be near ln V = {guessing:.2f} nats: an untrained model guesses."
    told = f"at step {row['step']} the loss is {fixed(row['loss'], 3)} nats"
    if row["loss"] > guessing + 1:
        return f"{told}, far above the {guessing:.2f} of guessing: the model is sure, and wrong."
    return (
        f"{told}, {abs(guessing - row['loss']):.2f} {where} guessing: the model hesitates as if among "
        f"{math.exp(row['loss']):.1f} equally likely tokens."
    )


def metric_sentence(view: View) -> str:
    """What the metric of this run says at this step."""
    row = view.run.step_row(min(view.step, view.last - 1))
    chance = view.about["chance"]
    if row is None or row["metric"] < 1.5 * chance:
        return f"nothing above chance ({chance:.1%}) yet."
    told = f"at step {row['step']} {view.about['metric']} {row['metric']:.1%}"  # it is drawn less often than the loss
    return f"{told}, where guessing gives {chance:.1%}; on the batch of that step."


def clip_sentence(view: View, clip: float | None) -> str:
    """What clipping does to this run at this step."""
    row = view.run.step_row(min(view.step, view.last - 1))
    if row is None or clip is None:
        return "the gradient is used as it is, without clipping." if clip is None else "no step yet."
    if row["clipped_grad_norm"] < row["grad_norm"]:
        kept = row["clipped_grad_norm"] / row["grad_norm"]
        return f"step {row['step']} was clipped: its gradient of norm {row['grad_norm']:.2g} was scaled by {kept:.2f}."
    small = f": its norm {row['grad_norm']:.2g} is below {clip:g}" if row["grad_norm"] < clip else ""
    return f"step {row['step']} was not clipped{small}."


SENTENCE = "Loss falls as the model learns; below, what it says at this very step."
frame.watch("Train", SENTENCE, draw, frame.ANY, fed=FED_SECONDS)
