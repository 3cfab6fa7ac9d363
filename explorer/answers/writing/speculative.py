"""Two models: a text that a run's model writes while a smaller one drafts it, and what that saves."""

from __future__ import annotations

import time
from functools import partial
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from explorer.analysis import speculative
from explorer.analysis.pace import ROUNDS, clocked, last_alone
from explorer.analysis.writing import Reader
from explorer.analysis.writing import write as written
from explorer.answers.records.writing import Saving, Speculation
from explorer.answers.writing.text import writer
from explorer.measure.decoding import within
from explorer.measure.names import plural
from explorer.measure.sampling import ORDERS, USUAL
from explorer.measure.speculative import Checked, overlap
from explorer.runs.restored import Progress
from explorer.tasks.base import Opening
from explorer.training.device import numerics
from explorer.training.loop import Training
from explorer.training.randomness import stream
from models.cache import cache_of
from models.families import CACHE

MOST_DRAFTED, LONGEST = 10, 64  # tokens drafted at once, and written
TEXTS = 6  # that a saving is measured on


class Pair:
    """A model that writes, one that drafts, and what both begin from.

    length: of the text, at most `length` tokens and what both contexts hold.   ValueError says why the two do not fit.
    """

    def __init__(
        self, path: str, step: int, draft: str, at: int, text: str | None, length: int, progress: Progress
    ) -> None:
        self.model, self.draft = writer(path, step, progress), writer(draft, at, progress)
        self.model.config.need(CACHE)
        task, other = self.model.task, self.draft.task
        if task.vocabulary != other.vocabulary:
            raise ValueError("the two models read different tokens; let a run on the same task draft")
        if cache_of(self.model.model) is None:  # its mask was taken off
            raise ValueError(
                "this model sees what comes after a token, so it cannot check several in one pass; look at a causal one"
            )
        self.opening: Opening = task.opening(text)
        if (self.opening.source is None) != (other.opening(text).source is None):
            raise ValueError("one of the two models has an encoder and the other has none; let one of a kind draft")
        context = min(one.config.model.context for one in (self.model, self.draft))
        room = context - self.opening.tokens.shape[1] + 1
        self.length = min(length, room, self.opening.length or length)
        if room < 2:
            raise ValueError(f"the input fills the {context} tokens that both models read; a shorter one leaves room")
        if self.length < 2:
            raise ValueError("an answer of one token leaves nothing to draft; look at a task with longer answers")

    def reader(self, training: Training) -> Reader:
        """A new reader of one of the two."""
        source = None if self.opening.source is None else self.opening.source.to(training.device)
        return Reader(training.model, source, training.config.model.context)

    @property
    def tokens(self) -> Tensor:
        """The opening's, (1, T)."""
        return self.opening.tokens.to(self.model.device)


def speculation(
    path: str,
    step: int,
    draft: str,
    at: int,
    text: str | None = None,
    length: int = 48,
    k: int = 4,
    repetition: float = 1.0,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    order: str = USUAL,
    seed: int = 0,
    progress: Progress = None,
) -> Speculation:
    """A text that the model writes on after an input, while the run `draft` at the step `at` drafts k tokens each time.

    draft: the path of its file.   The rest as in `text.text`.
    """
    within(k=(k, 1, MOST_DRAFTED), length=(length, 2, LONGEST))
    pair = Pair(path, step, draft, at, text, length, progress)
    task, passes = pair.model.task, []
    settings = {
        "repetition": repetition,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "min_p": min_p,
    }
    stages = tuple(order.split()) if order not in ORDERS else ORDERS[order]
    with numerics(pair.model.config):
        readers = pair.reader(pair.model), pair.reader(pair.draft)
        going = speculative.write(
            *readers, pair.tokens, stream(seed, "speculative"), k, settings, stages, length=pair.length
        )
        for new in going:
            passes.append(ended(new, pair.opening.end))
            if passes[-1][-1].token == pair.opening.end:
                break
    tokens = [one for new in passes for one in new]
    nothing = np.zeros(len(task.vocabulary))
    return Speculation(
        step=step,
        prompt_text=task.readable((pair.opening.tokens if pair.opening.source is None else pair.opening.source)[0]),
        symbols=list(task.vocabulary.symbols),
        numbers=np.array([one.token for one in tokens]),
        passes=np.repeat(np.arange(len(passes)), [len(new) for new in passes]),
        drafts=np.array([one.draft for one in tokens]),
        accepted=np.array([one.accepted for one in tokens]),
        at=np.array([one.at for one in tokens]),
        p=np.array([one.p for one in tokens], np.float32),
        q=np.array([nothing if one.q is None else one.q for one in tokens], np.float32),
    )


def ended(new: list[Checked], end: int | None) -> list[Checked]:
    """The tokens of a pass up to the one that ends an answer."""
    at = next((i for i, one in enumerate(new) if one.token == end), len(new))
    return new[: at + 1]


def saving(
    path: str, step: int, draft: str, at: int, text: str | None = None, k: int = 4, progress: Progress = None
) -> Saving:
    """What the draft saves, measured now in this process on several texts, in pairs with writing token by token.

    Both draw from the models' own probabilities. Only passes that draft all k tokens count.
    """
    within(k=(k, 1, MOST_DRAFTED))
    pair = Pair(path, step, draft, at, text, LONGEST, progress)
    if pair.length <= k:
        raise ValueError(
            f"there is room for {pair.length} token{plural(pair.length)} only; draft fewer than {pair.length} at a time"
        )
    passes: list[list[Checked]] = []
    seconds = []
    with numerics(pair.model.config):
        for seed in range(TEXTS + 1):  # the first warms up
            begun = time.perf_counter()
            new = full_passes(pair, k, seed)
            middle = time.perf_counter()
            context = pair.model.config.model.context
            source = pair.reader(pair.model).source
            going = written(pair.model.model, pair.tokens, context, stream(seed, "plain"), source=source)
            number = sum(map(len, new))
            for _ in islice(going, number):
                pass
            if seed:
                passes += new
                seconds.append(((middle - begun) / number, (time.perf_counter() - middle) / number))
        cost = cost_of_drafting(pair)
    places = [one for new in passes for one in new if one.q is not None]
    return Saving(
        step=step,
        k=k,
        texts=TEXTS,
        passes=len(passes),
        checked=len(places),
        accepted=sum(one.accepted for one in places),
        overlap=float(np.mean([overlap(one.p, one.q) for one in places if one.q is not None])),
        written=sum(map(len, passes)),
        drafted=np.array([one for one, _ in seconds]),
        plain=np.array([one for _, one in seconds]),
        cost=cost,
    )


def full_passes(pair: Pair, k: int, seed: int) -> list[list[Checked]]:
    """The passes of a text until there is no room for k + 1 more tokens."""
    going = speculative.write(
        pair.reader(pair.model), pair.reader(pair.draft), pair.tokens, stream(seed, "speculative"), k
    )
    passes: list[list[Checked]] = []
    while sum(map(len, passes)) + k + 1 <= pair.length:
        passes.append(next(going))
    return passes


@torch.no_grad()
def cost_of_drafting(pair: Pair) -> float:
    """Seconds of a token of the draft over one of the model, each with its cache: the median of pairs in turns."""
    tokens = pair.tokens.repeat(1, -(-pair.length // pair.tokens.shape[1]))[:, : pair.length]
    calls = []
    for training in (pair.draft, pair.model):
        reader = pair.reader(training)
        if reader.cache is None:
            raise ValueError(
                "the draft keeps nothing of what it has read, so it cannot be quicker; choose a causal one"
            )
        reader(tokens[:, :-1])
        calls.append(partial(last_alone, training.model, tokens, reader.source, reader.cache))
    times = np.array([[clocked(call) for call in calls] for _ in range(ROUNDS)])
    return float(np.median(times[:, 0] / times[:, 1]))
