"""Train: loss, metric, gradient norm, speed, and what the model says."""

from dataclasses import replace
from functools import partial
from typing import Any

from explorer.charts import progress
from explorer.measure.names import fixed, percent
from explorer.ui import feed, frame, picture, player, visit
from explorer.ui.components.figures import figures, message
from explorer.ui.frame import board
from explorer.ui.parts import ask
from explorer.ui.picture import Curves
from explorer.ui.train import examples, samples
from explorer.ui.train.beside import POINTS, Beside, beside
from explorer.ui.train.sentences import chance_words, clip_sentence, learned, loss_sentence, metric_sentence
from explorer.ui.view import View

HEIGHT = 172  # pixels of a curve: two of them under one another fit a screen
FIRST = 2  # of the calm curves, that stand beside the loss
METRIC = replace(progress.METRIC, height=HEIGHT)
GRADIENT = replace(progress.GRADIENT, height=HEIGHT)
CALM_SECONDS = 0.8  # between two drawings of what need not move as often as the loss
FED_SECONDS = 3.0  # between two drawings of the page, where the feed brings what moves


def draw(view: View) -> None:
    """The page at a step."""
    others, projector = beside(view.run), visit.state().projector
    log = visit.state().axis == "log"
    figures(numbers(view), key="numbers")
    feed.offer("numbers", numbers)
    feed.offer("train", lambda view: loss(view, others, log).message(projector))
    with board("train"):
        # the loss first; the rest keeps its place until the next tick
        panels = [loss(view, others, log), *(places() if view.first else calm(view, others)[:FIRST])]
        picture.panels("train", panels, feed.moment(view))
        for place in range(1, len(panels)):
            calmly = partial(again, place - 1, others, projector)
            feed.offer(f"train:{place}", calmly, CALM_SECONDS, past=calmly)
        samples.show(view)
    picture.details(lambda: more(view, others))
    ask.show(view)
    picture.computed(chance_words(view), title="What chance and even odds are")


def more(view: View, others: Beside) -> None:
    """The learning rate and the speed; since when each example stays right, and the loss of each token."""
    with board("train-more"):
        picture.panels("train-more", calm(view, others)[FIRST:])
    examples.show(view)


def calm(view: View, others: Beside) -> list[Curves]:
    """What need not move as often as the loss: the metric, the gradient's norm, the learning rate, the speed."""
    curve, chance, clip = view.run.curve(POINTS), view.about.chance, view.config.train.clip
    here: dict[str, Any] = {"events": view.events, "cursor": view.cursor}
    by_chance = progress.Guide(chance, f"chance: {percent(chance, 1)}")
    metric = partial(progress.parts, curve, "metric", guide=by_chance, **here, **others.of(view))
    norms = partial(progress.gradient_norm_parts, curve, clip=clip, **here)
    rate = partial(progress.parts, curve, "lr", **here)
    speed = partial(progress.parts, curve, "speed", cursor=view.cursor)
    paced: dict[str, Any] = {"every": 0 if view.fed else CALM_SECONDS, "of": view.moment}
    return [
        Curves(METRIC, metric, metric_sentence(view), **paced),
        Curves(GRADIENT, norms, clip_sentence(view, clip), **paced),
        Curves(progress.RATE, rate, **paced),
        Curves(progress.SPEED, speed, **paced),
    ]


def places() -> list[Curves]:
    """The same before there is anything in them."""
    return [Curves(panel, [], "") for panel in (METRIC, GRADIENT)]


def again(place: int, others: Beside, projector: bool, view: View) -> bytes:
    """One of them for the feed."""
    return calm(view, others)[place].message(projector)


def loss(view: View, others: Beside, log: bool) -> Curves:
    """The loss beside that of knowing nothing, and that of other runs. log: on a log axis."""
    guess, words = view.about.guessing
    name = "even odds" if view.about.answer == "token" else "knowing nothing"
    guide = progress.Guide(guess, f"{name}: {words}")
    compared = {"events": view.events, "cursor": view.cursor} | others.of(view)
    parts = progress.parts(view.run.curve(POINTS), "loss", guide=guide, **compared)
    panel = progress.loss_panel(view.about.unit, view.about.answer, HEIGHT, log)
    return Curves(panel, parts, loss_sentence(view, guess))


def numbers(view: View) -> bytes:
    """The step's own numbers, outside the charts so that nothing in them moves."""
    row = view.run.step_row(view.step if view.step < view.last else view.last - 1)
    steps, pace = view.config.train.steps, view.run.pace()
    left = duration((steps - view.last) / pace) if steps and pace and view.status.state == "training" else "–"
    since, speed = learned(view), "Speed" if view.status.state == "training" else "Last speed"
    columns = {
        "Step": f"{view.step:,}" + (f" of {steps:,}" if steps else ""),
        "Loss": "–" if row is None else fixed(row["loss"], 4),
        "Right": "–" if row is None else percent(row["metric"], 1),
        f"{view.about.answer.capitalize()}s asked": "–" if row is None else f"{row['tokens']:,}",
        speed: player.steps_a_second(pace),
    } | ({"Time left": left} if since is None else {"Learned": f"at step {since:,}"})
    return message(columns, "numbers", feed.moment(view))


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    seconds = max(0, round(seconds))
    return f"{seconds} s" if seconds < 90 else f"{seconds // 60} min {seconds % 60:02d} s"


SENTENCE = "How wrong the model is, step by step, and what it says."
frame.watch("Train", SENTENCE, draw, fed=FED_SECONDS)
