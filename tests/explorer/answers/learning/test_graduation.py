"""Since when examples stay right: a plain loop over the snapshots, greedy answers, and the loss token by token."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded
from torch.nn import functional as F

from explorer import Run, RunConfig
from explorer.analysis import answering
from explorer.answers.learning import graduation
from explorer.answers.records.learning.graduation import NEVER, Graduation, PlaceLosses
from explorer.answers.records.record import pack, unpack
from explorer.tasks.base import IGNORE

SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "train.batch": 8}
CONFIGS = {
    "addition": RunConfig.preset("addition").replace(
        {"model.width": 32, "model.heads": 2, "train.batch": 64, "task.modulus": 5, "optimizer.warmup": 0}
    ),
    "copy": TINY.replace({"task.name": "copy", "task.symbols": 3, "task.length": 2, "optimizer.lr": 1e-2}),
    "dates": RunConfig.preset("dates-fr").replace(SMALL),
    "text": RunConfig.preset("shakespeare").replace(SMALL | {"model.context": 16}),
    "language": RunConfig.preset("which-language").replace(SMALL),
}
STEPS, EVERY = 40, 4


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("graduation")
    return {name: recorded(folder / f"{name}.run", STEPS, config, every=EVERY) for name, config in CONFIGS.items()}


def since(run: Run, most: int = 200) -> Graduation:
    return unpack(pack(graduation.since(str(run.path), run.last, most)), Graduation)


def test_every_sum_stays_right_since_the_step_of_a_plain_loop(runs):
    run, p = runs["addition"], 5
    answer = since(run)
    assert answer.steps.tolist() == run.snapshot_steps
    assert answer.modulus == p
    rights: dict[tuple[int, int], list[bool]] = {(a, b): [] for a in range(p) for b in range(p)}
    for step in run.snapshot_steps:
        model = run.model_at(step).eval()
        for a, b in rights:
            with torch.no_grad():
                rights[a, b].append(int(model(torch.tensor([[a, b, p]]))[0, 2].argmax()) == (a + b) % p)
    trained = set(run.task.splits["trained"].tolist())  # type: ignore[attr-defined]
    for i, ((a, b), right) in enumerate(rights.items()):
        first, wrong = NEVER, NEVER
        for step, one in zip(run.snapshot_steps, right, strict=True):
            if not one:
                first, wrong = NEVER, step
            elif first == NEVER:
                first = step
        assert (answer.since[i], answer.wrong[i]) == (first, wrong), (a, b)
        assert (answer.read[i], answer.right[i]) == (f"{a} + {b}", str((a + b) % p))
        assert answer.trained[i] == (i in trained)
    assert len(set(answer.since.tolist())) > 2, "a run in which nothing is learned tests nothing"


@pytest.mark.parametrize("name", ["copy", "dates"])
def test_an_answer_is_right_where_greedy_writing_gives_it(runs, name: str):
    run = runs[name]
    answer, batch = since(run), run.task.probe(graduation.EXAMPLES)
    written = answering.greedy(run.model_at(STEPS).eval(), run.task, batch, CONFIGS[name].model.context)
    right = [one == other for one, other in zip(written, answering.right_answers(batch), strict=True)]
    assert ((answer.since != NEVER) == right).all()
    assert not answer.trained.any()
    if name == "copy":
        assert sum(right) > 0


def test_of_a_text_each_token_is_an_example_with_what_stands_before_it(runs):
    run = runs["text"]
    answer = since(run)
    assert answer.of == "token"
    assert len(answer.read) == len(answer.since) == graduation.TOKENS
    batch = run.task.probe(8)
    model = run.model_at(STEPS).eval()
    with torch.no_grad():
        best = model(batch.tokens).argmax(-1)
    places = (batch.targets != IGNORE).nonzero()[: graduation.TOKENS].tolist()
    assert ((answer.since != NEVER) == [bool(best[r, t] == batch.targets[r, t]) for r, t in places]).all()
    r, t = places[40]
    assert run.task.readable(batch.tokens[r, : t + 1]).endswith(answer.read[40].removeprefix("…"))
    assert answer.right[40] == run.task.vocabulary.symbols[int(batch.targets[r, t])]


def test_what_is_told_apart_is_answered_whole(runs):
    answer = since(runs["language"])
    assert answer.of == "answer"
    assert len(answer.read) == graduation.EXAMPLES


def test_few_snapshots_are_a_part_of_all_and_say_no_step_that_is_too_late(runs):
    fine, coarse = since(runs["addition"]), since(runs["addition"], 4)
    assert set(coarse.steps) <= set(fine.steps)
    assert coarse.steps[-1] == fine.steps[-1]
    assert ((coarse.since == NEVER) == (fine.since == NEVER)).all()
    assert (coarse.wrong <= fine.wrong).all()


def test_forgotten_again_counts_from_the_last_time():
    rights = np.array([[0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 1, 0], [1, 1, 1, 0]], dtype=bool)
    first, wrong = graduation.graduated(np.array([0, 10, 20, 30]), rights)
    assert first.tolist() == [10, 20, 0, NEVER]
    assert wrong.tolist() == [0, 10, NEVER, 30]
    none = graduation.graduated(np.empty(0, dtype=int), np.empty((0, 2), dtype=bool))
    assert [one.tolist() for one in none] == [[NEVER, NEVER]] * 2


@pytest.mark.parametrize("name", CONFIGS)
def test_the_loss_of_each_token_is_that_of_torch_at_that_snapshot(runs, name: str):
    run = runs[name]
    answer = unpack(pack(graduation.losses(str(run.path), STEPS)), PlaceLosses)
    assert answer.steps.tolist() == run.snapshot_steps
    enough = [n for n in range(1, graduation.LEAST) if run.task.probe(n).predicted >= graduation.LEAST]
    batch = run.task.probe(min(enough, default=graduation.LEAST))
    at = 5
    model = run.model_at(run.snapshot_steps[at]).eval()
    for place, (token, example) in enumerate(zip(answer.tokens, answer.examples, strict=True)):
        earlier = int((answer.examples[:place] == example).sum())
        t = int((batch.targets[example] != IGNORE).nonzero()[earlier])
        assert token == run.task.vocabulary.symbols[int(batch.targets[example, t])]
        source = None if batch.source is None else batch.source[example : example + 1]
        with torch.no_grad():
            logits = model(batch.tokens[example : example + 1], source)[0, t]
        own = float(F.cross_entropy(logits[None], batch.targets[example, t][None]))
        assert answer.losses[at, place] == pytest.approx(own, rel=1e-4, abs=1e-6)
    assert len(answer.tokens) >= min(graduation.LEAST, 12)


def test_a_run_that_cannot_be_asked_says_why(runs, tmp_path):
    words = recorded(tmp_path / "words.run", 1, RunConfig.preset("words-cbow"))
    for function in (graduation.since, graduation.losses):
        with pytest.raises(ValueError, match="logits"):
            function(str(words.path), 1)
    with pytest.raises(ValueError, match="most=1 is no number of snapshots to look at"):
        graduation.since(str(runs["copy"].path), STEPS, 1)
