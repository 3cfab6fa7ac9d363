"""Train: loss, metric, gradient norm, speed, and what the model says."""

import math

import pandas as pd

from explorer.charts import progress
from explorer.ui import chosen, frame, picture, samples
from explorer.ui.frame import View, cards

LIVE_POINTS, POINTS = 160, 500  # of a curve: while it grows, and when it stands still


def draw(view: View) -> None:
    """The page at a step."""
    training = view.status.state == "training"
    curve = view.run.curve(LIVE_POINTS if training else POINTS)
    symbols, chance = view.about["vocabulary"], view.about["chance"]
    guessing = progress.Guide(math.log(symbols), f"guessing: ln {symbols} = {math.log(symbols):.2f}")
    by_chance = progress.Guide(chance, f"chance: {chance:.1%}")
    of = (view.run.id, view.cursor, training)

    def table(column: str, guide: progress.Guide, every: float) -> pd.DataFrame:
        """A curve with what belongs to it: validation, the visit's other runs, a guide, events."""

        def made() -> pd.DataFrame:
            held_out = view.run.validation
            return progress.frame(
                curve,
                column,
                validation=held_out if len(held_out["step"]) else None,
                earlier=earlier(),
                guide=guide,
                events=view.events,
                cursor=view.cursor,
            )

        # an event is marked on the loss at once; the other charts follow in their turn
        return picture.paced(made, column, (of, len(view.events)) if column == "loss" else of, every)

    numbers(view)
    left, right = cards("curves", 1.35, 1)
    with left:
        picture.show(progress.losses, table("loss", guessing, 0.4), "loss")
        picture.look_for("loss", loss_sentence(view, math.log(symbols)))
    if view.first:
        return  # the loss first; the rest a quarter of a second later
    with right:
        picture.show(progress.metric, table("metric", by_chance, 0.6), "metric", title="Right answers", height=300)
        picture.look_for("metric", metric_sentence(view))
    left, right = cards("says", 1.35, 1)
    with left:
        samples.show(view)
    with right:
        clip = view.config.train.clip
        norms = picture.paced(
            lambda: progress.gradient_norm_frame(curve, clip=clip, events=view.events, cursor=view.cursor),
            "norm",
            of,
            1,
        )
        picture.show(progress.gradient_norm, norms, "norm")
        picture.look_for("norm", clip_sentence(view, clip))
    left, right = cards("pace", 1.35, 1)
    with left:
        rates = picture.paced(lambda: progress.frame(curve, "lr", events=view.events, cursor=view.cursor), "lr", of, 2)
        picture.show(progress.learning_rate, rates, "lr")
    with right:
        speeds = picture.paced(lambda: progress.frame(curve, "speed"), "speed", of, 2)
        picture.show(progress.throughput, speeds, "speed", height=170)


def earlier() -> list[progress.Earlier]:
    """The other runs of this visit, named by what differs."""
    return [
        progress.Earlier(chosen.differences(run), index, run.curve(LIVE_POINTS))
        for index, run in enumerate(chosen.earlier_runs())
    ]


def numbers(view: View) -> None:
    """The step's own numbers, outside the charts so that nothing in them moves."""
    row = view.run.step_row(view.step if view.step < view.last else view.last - 1)
    steps, speed = view.config.train.steps, view.run.speed()
    left = duration((steps - view.last) / speed) if steps and speed and view.status.state == "training" else "–"
    picture.figures(
        {
            "Step": f"{view.step:,}" + (f" of {steps:,}" if steps else ""),
            "Loss": "–" if row is None else f"{row['loss']:.4f}",
            "Right": "–" if row is None else f"{row['metric']:.1%}",
            "Tokens asked": "–" if row is None else f"{row['tokens']:,}",
            "Speed": "–" if speed is None else f"{speed:.0f} steps/s",
            "Time left": left,
        }
    )


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
