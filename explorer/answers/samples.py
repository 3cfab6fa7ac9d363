"""Samples: the model's answers to the task's examples, and the text that it generates."""

from __future__ import annotations

import torch

from explorer.analysis.writing import Reader
from explorer.answers.records.samples import Example, Generation, Predictions, Response
from explorer.runs.restored import Progress, chosen_input, training_at
from explorer.tasks.base import IGNORE
from explorer.trace import evaluating
from explorer.training.device import numerics
from explorer.training.randomness import stream
from models.families import kind_of

NEEDS = ("logits",)  # parts of the model


@torch.no_grad()
def answers(path: str, step: int, count: int = 5, progress: Progress = None) -> Predictions:
    """The model's answers to `count` probe examples: the most likely token at each predicted position.

    A decoder predicts each after the right ones before it, as in training; an encoder predicts all at once.
    """
    training = training_at(path, step, progress, needs=NEEDS)
    batch = training.task.probe(count).to(training.device)
    with numerics(training.config), evaluating(training.model):
        probabilities = training.model(batch.tokens, batch.source).softmax(-1)
    show, forced = training.task.vocabulary.show, kind_of(training.config.model).reads != "in place"
    rows = []
    for b in range(len(batch.tokens)):
        is_predicted = batch.targets[b] != IGNORE
        expected, predicted = batch.targets[b][is_predicted], probabilities[b].argmax(-1)[is_predicted]
        read = batch.tokens[b] if batch.source is None else batch.source[b]
        if forced and batch.source is None:  # it reads on into the answer
            read = read[: int(is_predicted.nonzero()[0]) + 1]
        p = probabilities[b][is_predicted].gather(1, expected[:, None])[:, 0]
        rows.append(
            Example(
                read=training.task.readable(read),
                expected=show(expected),
                predicted=show(predicted),
                right=(predicted == expected).tolist(),
                p=[round(x, 4) for x in p.tolist()],
            )
        )
    return Predictions(step, rows, forced)


@torch.no_grad()
def response(path: str, step: int, text: str | None = None, progress: Progress = None) -> Response:
    """The most likely token at each place of the answer to a visitor's input, or to the probe."""
    training = training_at(path, step, progress, needs=NEEDS)
    batch = chosen_input(training, text)
    with numerics(training.config), evaluating(training.model):
        p, best = training.model(batch.tokens, batch.source)[0].softmax(-1).max(-1)
    predicted = batch.targets[0] != IGNORE
    return Response(
        step=step,
        read=training.task.readable((batch.tokens if batch.source is None else batch.source)[0]),
        tokens=training.task.vocabulary.show(best[predicted]),
        p=p[predicted].tolist(),
    )


@torch.no_grad()
def generation(path: str, step: int, length: int = 160, progress: Progress = None) -> Generation:
    """Text that the model generates after the task's prompt, sampled from its probabilities.

    The random numbers are the same at every step, so two steps differ by their weights alone.
    """
    training = training_at(path, step, progress, needs=NEEDS)
    prompt = training.task.prompt
    if prompt is None:
        raise ValueError("this task does not write; only a decoder on a text does")
    tokens = prompt.to(training.device)  # (1, T)
    generator = stream(0, "generation")
    reader = Reader(training.model, None, training.config.model.context)
    with numerics(training.config):
        for _ in range(length):
            p = reader(tokens)[0, -1].softmax(-1).cpu()
            next_token = torch.multinomial(p, 1, generator=generator).to(training.device)
            tokens = torch.cat([tokens, next_token[None]], 1)
    text = training.task.readable(tokens[0, prompt.shape[1] :])
    return Generation(step, training.task.readable(prompt[0]), text, training.task.verdict(text))
