"""Secrets: how well a model of letters knows a number that it may have read, after the words that stand before it.

N candidates: all numbers of as many digits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from explorer.answers.records.writing import Secret
from explorer.answers.writing.text import writer
from explorer.measure.names import listed, plural
from explorer.measure.text.exposure import exposure, rank
from explorer.runs.restored import Progress
from explorer.tasks.text import TextTask
from explorer.trace import evaluating
from explorer.training.device import numerics
from explorer.training.loop import Training

DIGITS = "0123456789"
MOST = 4  # digits: 10,000 candidates, 1,111 beginnings
AT_ONCE = 256  # beginnings read together


def secret(path: str, step: int, before: str, number: str, progress: Progress = None) -> Secret:
    """The exposure of a number after the words before it, by the probabilities of all numbers as long.

    ValueError if the run reads no letters, does not know a digit or a letter, or reads fewer than are needed.
    """
    training = writer(path, step, progress)
    task = training.task
    if not isinstance(task, TextTask) or training.config.get("task.tokenizer") != "characters":
        raise ValueError("a secret is looked for letter by letter; look at a run that reads the letters of a text")
    if not number or set(number) - set(DIGITS) or len(number) > MOST:
        raise ValueError(f"the secret is a number of 1 to {MOST} digits, such as 4831; it is {number[:20]!r}")
    if not before:
        raise ValueError("there is nothing before the secret; type the words after which it stood")
    if lacking := task.tokenizer.unknown(DIGITS):
        raise ValueError(
            f"the text of this run has {without(lacking)}, so not every number could be its secret; "
            "use a text with all ten digits"
        )
    given, context = task.tokens_of(before)[0], training.config.model.context
    digits = task.tokens_of(DIGITS)[0]
    read = given[-(context - len(number) + 1) :]
    log_p = of_all(training, read, digits, len(number), progress)
    return Secret(
        step=step,
        before=task.readable(read),
        number=number,
        rank=rank(log_p, int(number)),
        exposure=exposure(log_p, int(number)),
        candidates=len(log_p),
        p=float(np.exp(log_p[int(number)])),
        likeliest=f"{int(log_p.argmax()):0{len(number)}d}",
        likeliest_p=float(np.exp(log_p.max())),
    )


def without(lacking: Sequence[str]) -> str:
    """Which digits a text has not, in words: no digits, no digit 7, no digits 0, 1 and 7."""
    if len(lacking) == len(DIGITS):
        return "no digits"
    return f"no digit{plural(len(lacking))} {listed(sorted(lacking))}"


@torch.no_grad()
def of_all(training: Training, read: torch.Tensor, digits: torch.Tensor, length: int, progress: Progress) -> np.ndarray:
    """ln p of every number of `length` digits after tokens `read` (T,), (10 ** length,) float64, by the number.

    Digit by digit: each beginning is read once, and what it says of the next digit is added to all that go on from it.
    """
    log_p = torch.zeros(1, dtype=torch.float64)
    begun = torch.empty(1, 0, dtype=torch.long)  # the beginnings of n digits, (10 ** n, n)
    with numerics(training.config), evaluating(training.model):
        for n in range(length):
            tokens = torch.cat([read.expand(len(begun), -1), digits[begun]], 1).to(training.device)
            rows = [training.model(part)[:, -1].double().log_softmax(-1).cpu() for part in tokens.split(AT_ONCE)]
            log_p = (log_p[:, None] + torch.cat(rows)[:, digits]).flatten()
            begun = torch.cat([begun.repeat_interleave(10, 0), torch.arange(10).repeat(len(begun))[:, None]], 1)
            if progress is not None:
                progress(n + 1, length)
    return log_p.numpy()
