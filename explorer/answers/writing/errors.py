"""How errors grow along an answer."""

from __future__ import annotations

from explorer.analysis import exposure as taught
from explorer.answers.records.decoding import Exposure
from explorer.answers.writing.text import writer
from explorer.measure.decoding import within
from explorer.runs.restored import Progress
from explorer.training.device import numerics


def exposure(path: str, step: int, wrong_at: int = 0, examples: int = 32, progress: Progress = None) -> Exposure:
    """The share right at each place of an answer after the right tokens, the model's own, and a wrong one among them.

    wrong_at: the place of the wrong one, from 0.   A text that goes on for ever is asked for its second half.
    """
    training = writer(path, step, progress)
    task = training.task
    task.opening()  # refuses what is no text
    batch = task.probe(examples).to(training.device)
    place = taught.places(batch, batch.tokens.shape[1] // 2 if task.prompt is not None else 0)
    within(wrong_at=(wrong_at, 0, int(place.max())), examples=(examples, 1, 64))
    with numerics(training.config):
        ways = (
            taught.with_true_prefix(training.model, batch),
            taught.with_own_prefix(training.model, batch, place),
            taught.with_own_prefix(training.model, batch, place, wrong_at),
        )
    true, own, wrong = (taught.share_right(right, place)[0].cpu().numpy() for right in ways)
    counted = taught.share_right(ways[0], place)[1].cpu().numpy()
    return Exposure(step, true, own, wrong, counted, wrong_at, len(batch.tokens))
