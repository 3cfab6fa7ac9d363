"""What pages look at: pure functions of (weights at a step, an input), computed in a looker.

Each gives plain values and arrays. B batch, T position, Q query, K key, H heads.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch

from explorer.config import RunConfig
from explorer.preset import PRESETS
from explorer.randomness import stream
from explorer.runs.answer import Answer
from explorer.runs.replay import restore
from explorer.runs.run import Run
from explorer.tasks import build
from explorer.tasks.base import IGNORE, Batch, Task
from explorer.trace import evaluating, observe
from explorer.training import Training, numerics

Progress = Callable[[int, int], None] | None


@lru_cache(maxsize=32)
def opened(path: str) -> Run:
    """A run, kept open."""
    return Run.open(path)


_trainings: dict[tuple[str, int, int], Training] = {}
KEPT = 6  # restored trainings kept in memory


def training_at(path: str, step: int, progress: Progress) -> Training:
    """The training at a step; the last few are kept, told apart by the events before them too."""
    run = opened(path)
    event = max((e.id for e in run.events if e.step <= step), default=0)
    key = (path, step, event)
    if key not in _trainings:
        while len(_trainings) >= KEPT:
            del _trainings[next(iter(_trainings))]
        _trainings[key] = restore(run, step, progress)
        _trainings[key].model.eval()
    return _trainings[key]


def chosen_input(training: Training, text: str | None) -> Batch:
    """The run's probe, or the visitor's own text. ValueError names what the model does not know."""
    batch = training.task.probe() if text is None else training.task.encode(text)
    return batch.to(training.device)


def tokens_of(training: Training, batch: Batch) -> dict:
    """The input's tokens as text, with the encoder's where there is one."""
    show = training.task.vocabulary.show
    return {
        "tokens": show(batch.tokens[0]),
        "source": None if batch.source is None else show(batch.source[0]),
    }


def attention(path: str, step: int, text: str | None = None, progress: Progress = None) -> Answer:
    """Every attention pattern on the probe or a text: arrays by tap name, (H, Q, K)."""
    training = training_at(path, step, progress)
    batch = chosen_input(training, text)
    with numerics(training.config):
        trace = observe(training.model, batch, gradients=False, wanted=lambda name: name.endswith(".pattern"))
    arrays = {name: value[0] for name, value in trace.values.items()}
    plain = {"step": step, "loss": trace.loss, "ablated": sorted(training.heads.ablated)}
    return plain | tokens_of(training, batch), arrays


def flow(path: str, step: int, text: str | None = None, progress: Progress = None) -> Answer:
    """Mean |value| and mean |∂L/∂value| at every junction of the residual stream and at the logits, in order."""
    training = training_at(path, step, progress)
    batch = chosen_input(training, text)
    with numerics(training.config):
        trace = observe(training.model, batch, wanted=lambda name: ".residual_" in name or name == "logits")
    size = {
        kind: np.array([np.abs(v, dtype=np.float64).mean() for v in found.values()])
        for kind, found in (("value", trace.values), ("gradient", trace.grads))
    }
    return {"step": step, "loss": trace.loss, "taps": list(trace.values)}, size


@torch.no_grad()
def samples(path: str, step: int, count: int = 5, progress: Progress = None) -> Answer:
    """What the model says to `count` probe examples: for each token asked the most likely one.

    plain["rows"]: read, expected and said as token texts, right as booleans, p of the expected token.
    """
    training = training_at(path, step, progress)
    batch = training.task.probe(count).to(training.device)
    with numerics(training.config), evaluating(training.model):
        probabilities = training.model(batch.tokens, batch.source).softmax(-1)
    show = training.task.vocabulary.show
    rows = []
    for b in range(len(batch.tokens)):
        asked = batch.targets[b] != IGNORE
        expected, said = batch.targets[b][asked], probabilities[b].argmax(-1)[asked]
        first = int(asked.nonzero()[0]) + 1  # a decoder reads on into the answer
        read = batch.tokens[b][:first] if batch.source is None else batch.source[b]
        p = probabilities[b][asked].gather(1, expected[:, None])[:, 0]
        rows.append(
            {
                "read": training.task.readable(read),
                "expected": show(expected),
                "said": show(said),
                "right": (said == expected).tolist(),
                "p": [round(x, 4) for x in p.tolist()],
            }
        )
    return {"step": step, "rows": rows}, {}


@torch.no_grad()
def generation(path: str, step: int, length: int = 160, progress: Progress = None) -> Answer:
    """Text the model writes by itself after the task's prompt, drawn from its own probabilities.

    The random numbers are the same at every step, so two steps differ by their weights alone.
    """
    training = training_at(path, step, progress)
    prompt = training.task.prompt
    if prompt is None:
        raise ValueError("this task does not write; only a decoder on a text does")
    tokens = prompt.to(training.device)  # (1, T)
    generator = stream(0, "generation")
    context = training.config.model.context
    with numerics(training.config), evaluating(training.model):
        for _ in range(length):
            p = training.model(tokens[:, -context:])[0, -1].softmax(-1).cpu()
            drawn = torch.multinomial(p, 1, generator=generator).to(training.device)
            tokens = torch.cat([tokens, drawn[None]], 1)
    text = training.task.readable(tokens[0, prompt.shape[1] :])
    told = {"prompt": training.task.readable(prompt[0]), "text": text, "verdict": training.task.verdict(text)}
    return {"step": step} | told, {}


def about(path: str) -> Answer:
    """What a run's pages need to know of its task. ValueError where its text is not on this machine."""
    return described(opened(path).task)


def fit(config: str) -> Answer:
    """The same for a config (JSON) before there is a run. ValueError says why it cannot be trained."""
    chosen = RunConfig.from_json(config)
    return described(build(chosen.task, chosen.model))


def described(task: Task) -> Answer:
    """Vocabulary size, chance, what the metric counts, whether it writes text, one example."""
    return {
        "vocabulary": len(task.vocabulary),
        "chance": task.chance,
        "metric": task.metric,
        "writes": task.prompt is not None,
        "sample": task.sample(task.probe()),
    }, {}


def prepare() -> Answer:
    """Builds every preset's task once, so that its text is on disk before a card is clicked."""
    for preset in PRESETS.values():
        build(preset.config.task, preset.config.model)
    return {}, {}
