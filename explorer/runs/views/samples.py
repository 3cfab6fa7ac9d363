"""What the model says at a step: to the task's examples, and by itself."""

from __future__ import annotations

import torch

from explorer.device import numerics
from explorer.randomness import stream
from explorer.runs.answer import Answer
from explorer.runs.views.restored import Progress, training_at
from explorer.tasks.base import IGNORE
from explorer.trace import evaluating


@torch.no_grad()
def answers(path: str, step: int, count: int = 5, progress: Progress = None) -> Answer:
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
    context = training.config.transformer.context
    with numerics(training.config), evaluating(training.model):
        for _ in range(length):
            p = training.model(tokens[:, -context:])[0, -1].softmax(-1).cpu()
            drawn = torch.multinomial(p, 1, generator=generator).to(training.device)
            tokens = torch.cat([tokens, drawn[None]], 1)
    text = training.task.readable(tokens[0, prompt.shape[1] :])
    told = {"prompt": training.task.readable(prompt[0]), "text": text, "verdict": training.task.verdict(text)}
    return {"step": step} | told, {}
