"""Train: loss, metric, gradient norm, speed, and what the model says."""

import math

import streamlit as st

from explorer.charts import progress
from explorer.ui import chosen, frame, picture, samples
from explorer.ui.frame import View, cards


def draw(view: View) -> None:
    """The page at a step."""
    curve = view.run.curve(300)
    earlier = [
        progress.Earlier(chosen.differences(run), index, run.curve(200))
        for index, run in enumerate(chosen.earlier_runs())
    ]
    held_out = view.run.validation
    validation = held_out if len(held_out["step"]) else None
    symbols, chance = view.about["vocabulary"], view.about["chance"]
    guessing = progress.Guide(math.log(symbols), f"guessing: ln {symbols} = {math.log(symbols):.2f}")
    by_chance = progress.Guide(chance, f"chance: {chance:.1%}")

    numbers(view)
    left, right = cards("curves", 1.35, 1)
    with left:
        table = progress.frame(
            curve,
            "loss",
            validation=validation,
            earlier=earlier,
            guide=guessing,
            events=view.events,
            cursor=view.cursor,
        )
        picture.show(progress.losses, table, "loss")
        picture.look_for("loss", loss_sentence(view, math.log(symbols)))
    with right:
        table = progress.frame(
            curve,
            "metric",
            validation=validation,
            earlier=earlier,
            guide=by_chance,
            events=view.events,
            cursor=view.cursor,
        )
        picture.show(progress.metric, table, "metric", title="Right answers", height=300)
        picture.look_for("metric", metric_sentence(view))
    left, right = cards("says", 1.35, 1)
    with left:
        samples.show(view)
    with right:
        clip = view.config.train.clip
        picture.show(
            progress.gradient_norm,
            progress.gradient_norm_frame(curve, clip=clip, events=view.events, cursor=view.cursor),
            "norm",
        )
        picture.look_for("norm", clip_sentence(view, clip))
    left, right = cards("pace", 1.35, 1)
    of = (view.run.id, view.cursor, len(view.events))
    with left:
        rates = picture.paced(
            lambda: progress.frame(curve, "lr", events=view.events, cursor=view.cursor), "lr-table", of
        )
        picture.show(progress.learning_rate, rates, "lr")
    with right:
        speeds = picture.paced(lambda: progress.frame(curve, "speed"), "speed-table", of)
        picture.show(progress.throughput, speeds, "speed", height=170)


def numbers(view: View) -> None:
    """The step's own numbers, outside the charts so that nothing in them moves."""
    row = view.run.step_row(view.step if view.step < view.last else view.last - 1)
    steps = view.config.train.steps
    speed = view.run.speed()
    left = "" if not (steps and speed) else duration((steps - view.last) / speed)
    cells = st.columns(6)
    cells[0].metric("Step", f"{view.step:,}" + (f" of {steps:,}" if steps else ""))
    cells[1].metric("Loss", "–" if row is None else f"{row['loss']:.4f}")
    cells[2].metric("Right", "–" if row is None else f"{row['metric']:.1%}", help=view.about["metric"])
    cells[3].metric("Tokens asked", "–" if row is None else f"{row['tokens']:,}")
    cells[4].metric("Speed", "–" if speed is None else f"{speed:.0f} steps/s")
    cells[5].metric("Time left", left if view.status.state == "training" and left else "–")


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    seconds = max(0, round(seconds))
    return f"{seconds} s" if seconds < 90 else f"{seconds // 60} min {seconds % 60:02d} s"


def loss_sentence(view: View, guessing: float) -> str:
    """What the loss of this run says at this step."""
    row = view.run.step_row(min(view.step, view.last - 1))
    if row is None:
        return f"the first loss will be near ln V = {guessing:.2f} nats: an untrained model guesses."
    perplexity = math.exp(min(row["loss"], 50))
    where = "above" if row["loss"] > guessing else "below"
    return (
        f"at step {row['step']} the loss is {row['loss']:.3f} nats, {abs(guessing - row['loss']):.2f} {where} "
        f"guessing: the model hesitates as if among {perplexity:.1f} equally likely tokens."
    )


def metric_sentence(view: View) -> str:
    """What the metric of this run says at this step."""
    row = view.run.step_row(min(view.step, view.last - 1))
    chance = view.about["chance"]
    if row is None or row["metric"] < 1.5 * chance:
        return f"nothing above chance ({chance:.1%}) yet."
    return f"{view.about['metric']} {row['metric']:.1%}, where guessing gives {chance:.1%}; on the batch just trained."


def clip_sentence(view: View, clip: float | None) -> str:
    """What clipping does to this run at this step."""
    row = view.run.step_row(min(view.step, view.last - 1))
    if row is None or clip is None:
        return "the gradient is used as it is, without clipping." if clip is None else "no step yet."
    if row["clipped_grad_norm"] < row["grad_norm"]:
        kept = row["clipped_grad_norm"] / row["grad_norm"]
        return f"step {row['step']} was clipped: its gradient of norm {row['grad_norm']:.2g} was scaled by {kept:.2f}."
    return f"step {row['step']} was not clipped: its norm {row['grad_norm']:.2g} is below {clip:g}."


frame.watch("Train", "Loss falls as the model learns; below, what it says at this very step.", draw)
