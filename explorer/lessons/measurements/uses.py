"""What models are used for, and what that costs: facts, secrets, tunes, computing."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

from explorer.answers.records.reading.facts import ITSELF, EditedFact, Knowledge
from explorer.answers.records.task import Judgement
from explorer.answers.records.writing import Secret, Text
from explorer.lessons.measurements.registry import POSITIVE, SHARE, Trial, measurement
from explorer.measure.music import abc


@measurement("share of facts answered rightly", "", SHARE)
def facts_right(trial: Trial, at: int, group: str) -> float:
    """Word for word. group: how its name begins, such as never said."""
    groups = trial.ask(Knowledge, at).groups
    of_name = [one for one in groups if one.name.startswith(group)]
    if len(of_name) != 1:
        raise ValueError(f"{group} is not one of the groups {'; '.join(one.name for one in groups)}")
    return of_name[0].right


@measurement("probability of the new answer after a fact is edited", "", SHARE)
def edited(trial: Trial, at: int, edits: str, group: str = ITSELF, steps: int = 5) -> float:
    """Mean over edits and over what is asked of a group. edits: `question = new answer`, a semicolon between them.

    group: of neighbours, the fact itself by default, whose answer follows from the edit.   steps: of each edit.
    """
    p = []
    for one in edits.split(";"):
        question, _, answer = one.partition("=")
        rows = trial.ask(EditedFact, at, question=question.strip(), answer=answer.strip(), steps=steps).rows
        p += [row.p_after for row in rows if row.group == group]
    if not p:
        raise ValueError(f"nothing is asked of the group {group} after these edits; choose other facts")
    return math.fsum(p) / len(p)


@measurement("exposure of a number", "bits", POSITIVE)
def exposed(trial: Trial, at: int, before: str, numbers: str) -> float:
    """log₂ of all numbers as long over its rank, after the words `before` it; the mean over `numbers`."""
    every = numbers.split()
    return math.fsum(trial.ask(Secret, at, before=before, number=one).exposure for one in every) / len(every)


@measurement("share of written tunes that keep time", "", SHARE)
def in_time(trial: Trial, at: int, texts: int, temperature: float) -> float:
    """Tunes that can be read to their end, with notes, every bar of which holds what its metre says."""
    kept = 0
    for seed in range(texts):
        text = trial.ask(Text, at, length=260, temperature=temperature, seed=seed)
        tune = abc.read((text.prompt_text + text.text).lstrip("\n").partition("\n\n")[0])
        kept += not tune.problem and not tune.uneven and any(pitch >= 0 for pitch in tune.pitch)
    return kept / texts


@measurement("share of answers right in every token", "", SHARE)
def right_from_memory(trial: Trial, at: int, memory: str, examples: int = 128) -> float:
    """Of unseen examples, after the right tokens before each. memory: own, or mean: the mean of what the encoder made
    of all of them in the place of what it made of each."""
    import torch

    from explorer.runs.replay import restore
    from explorer.tasks.base import IGNORE
    from models.transformer import EncoderDecoder

    training = restore(trial.run, at)
    model = training.model.eval()
    if not isinstance(model, EncoderDecoder):
        raise ValueError("this model has no encoder whose memory could be replaced; use model.kind=encoder-decoder")
    batch = training.task.probe(examples).to(training.device)
    assert batch.source is not None
    with torch.no_grad():
        states, hide = model.read(batch.source)  # (B, S, C), (B, 1, 1, S)
        if memory == "mean":
            real = (hide[:, 0, 0] == 0)[..., None]
            states = (states.where(real, 0).sum((0, 1)) / real.sum()).expand_as(states)
        x = model.decoder.run(batch.tokens, memory=states, memory_mask=hide)
        best = model.unembedding(x).argmax(-1)
    right = (best == batch.targets) | (batch.targets == IGNORE)
    return float(right.all(1).float().mean())


@measurement("error of a formula for the computing of a step", "", POSITIVE)
def off_flops(trial: Trial, at: int, formula: str) -> float:
    """|formula − counted| / counted, in floating-point operations; counted by torch, product by product.

    formula: whole, which has every product of a decoder's, or 6N: six for each weight of the blocks and each token.
    """
    from torch.utils.flop_counter import FlopCounterMode

    from explorer.runs.replay import restore

    training = restore(trial.run, at)
    batch = training.batch(at)
    with FlopCounterMode(display=False) as counter:
        training.criterion.mean(training.model(batch.tokens, batch.source), batch.targets).backward()
    counted = counter.get_total_flops()
    model, (B, T), V = training.config.model, batch.tokens.shape, len(training.task.vocabulary)
    weights = 12 * model.layers * model.width**2
    passes = {"6N": 2 * weights, "whole": 2 * weights + 4 * model.layers * T * model.width + 2 * model.width * V}
    if formula not in passes:
        raise ValueError(f"there is no formula {formula}; formulas are {', '.join(passes)}")
    return abs(3 * B * T * passes[formula] - counted) / counted


def judgement(trial: Trial, at: int, mixed: int) -> Judgement:
    """The weights of a step as a file, and what that is worth. mixed: 1 for its numbers in random order."""
    from explorer.answers.task import judge, weights

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        path.write_bytes(weights(str(trial.run.path), at, bool(mixed)).data.tobytes())
        return judge(str(path), path.name)


@measurement("loss of the model of a file of weights", "nats", POSITIVE)
def opened_loss(trial: Trial, at: int, mixed: int = 0) -> float:
    """On examples of the task's probe. mixed: 1 for a file with the numbers of each tensor in random order."""
    return judgement(trial, at, mixed).loss
