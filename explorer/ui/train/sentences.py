"""What a step's loss, metric and clipping say, in sentences."""

from __future__ import annotations

import math
from typing import Any

from explorer.measure.chance import above_chance
from explorer.measure.names import finite, fixed, lost, number, percent
from explorer.tasks.fields import TASKS
from explorer.ui.view import View

LEARNED = 0.99  # share right of a batch from which a task counts as learned
NEAR = 0.03  # of the loss of even odds, within which a loss is said to be near it


def loss_sentence(view: View, guessing: float) -> str:
    """What the loss of this run says at this step."""
    row = view.run.step_row(min(view.step, view.last - 1))
    if row is not None and not finite(row["loss"]):
        return lost("the loss", row["step"])
    if view.about.answer != "token":
        words = f"it falls below {fixed(guessing, 2)} only when vectors know something of their words."
        return words if row is None else f"at step {row['step']:,} the loss is {number(row['loss'])}; {words}"
    if row is None:
        return f"the first loss will be near ln V = {fixed(guessing, 2)} nats, even odds: the model knows nothing yet."
    words = f"the loss is {number(row['loss'])} nats"
    if row["loss"] > guessing + 1:
        return f"{words}, far above the {fixed(guessing, 2)} of even odds: the model is sure, and wrong."
    chance = percent(math.exp(-row["loss"]))
    near = abs(row["loss"] - guessing) < NEAR * guessing
    return (
        f"{words}, {'near' if near else 'above' if row['loss'] > guessing else 'below'} even odds: in the geometric "
        f"mean the right token has a chance of {chance}."
    )


def metric_sentence(view: View) -> str:
    """What the metric of this run says at this step."""
    row = view.run.step_row(min(view.step, view.last - 1))
    chance = view.about.chance
    if row is None or not above_chance(row["metric"], chance, answers(view, row)):
        return f"nothing above chance ({percent(chance, 1)}) yet."
    since = learned(view)
    if since is not None and view.config.has("attention"):
        return f"it has learned it (step {since:,}): go and look at its heads, on Attention."
    return f"{view.about.metric} {percent(row['metric'], 1)} at step {row['step']:,}; chance is {percent(chance, 1)}."


def learned(view: View) -> int | None:
    """The first step whose batch shows that the task is learned, if it is not after this step."""
    since = view.run.first_right(LEARNED)
    return since if since is not None and since <= view.step else None


def chance_words(view: View) -> str:
    """What the task of this run asks for, and what guessing would get of it."""
    task = TASKS[view.config.task.name]
    return (
        f"{task.title}: the model is asked for {task.target}. Chance is the share right of guessing without having "
        f"read the input: {task.chance}. Even odds, where the loss of an untrained model begins, are another thing: "
        "every token of the vocabulary equally likely, a loss of ln V nats. A nat is the unit of natural logarithms: "
        "ln 2 = 0.69 nats are one bit."
    )


def answers(view: View, row: dict[str, Any]) -> int:
    """How many answers the metric of a step is a share of: its tokens asked, or its examples."""
    if view.about.answer != "token":
        train = view.run.config_at(row["step"]).train
        return train.batch * train.accumulate
    before = view.run.step_row(row["step"] - 1) if row["step"] else None
    return row["tokens"] - (before["tokens"] if before else 0)


def clip_sentence(view: View, clip: float | None) -> str:
    """What clipping does to this run at this step."""
    row = view.run.step_row(min(view.step, view.last - 1))
    if row is None or clip is None:
        return "the gradient is used as it is, without clipping." if clip is None else "no step yet."
    if not finite(row["grad_norm"]):
        return lost("the gradient’s norm", row["step"])
    if row["clipped_grad_norm"] < row["grad_norm"]:
        kept = row["clipped_grad_norm"] / row["grad_norm"]
        return (
            f"step {row['step']:,} was clipped: its gradient of norm {number(row['grad_norm'], 2)} × {fixed(kept, 2)}."
        )
    small = f": its norm {number(row['grad_norm'], 2)} is below {number(clip)}" if row["grad_norm"] < clip else ""
    return f"step {row['step']:,} was not clipped{small}."
