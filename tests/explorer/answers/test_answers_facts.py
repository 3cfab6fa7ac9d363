"""Facts: shares against a plain loop, an edit against torch's own Adam, its neighbours; the weights come back."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tiny_runs import recorded

from explorer import Run, RunConfig
from explorer.answers.translating.states import tap
from explorer.answers.writing import facts as answers
from explorer.processes.racer import HEAD_EVENTS
from explorer.runs import branch
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.runs.restored import training_at
from explorer.tasks import facts
from explorer.tasks.base import IGNORE
from explorer.trace import observe

SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "train.batch": 16, "optimizer.name": "adamw"}
CONFIG = RunConfig.preset("facts").replace(SMALL)
STEPS = 30
QUESTION, ANSWER = "currency of Hungary ?", "Euro"
EDIT = {"question": QUESTION, "answer": ANSWER, "steps": 4, "rate": 1e-2}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return recorded(tmp_path_factory.mktemp("facts") / "facts.run", STEPS, CONFIG, every=10)


def said(training, question: str) -> str:
    """The greedy answer to one question, by a plain loop."""
    task, tokens, answer = training.task, training.task.encode(question).tokens, []
    tokens = tokens[:, : tokens[0].tolist().index(task.start) + 1]
    while len(answer) < task.longest and (not answer or answer[-1] != task.end):
        with torch.no_grad():
            answer.append(int(training.model(tokens, None)[0, -1].argmax()))
        tokens = torch.cat([tokens, torch.tensor([answer[-1:]])], 1)
    return task.readable(answer)


def chance_of(training, question: str, answer: str) -> float:
    batch = training.task.taught(question, answer)
    with torch.no_grad():
        p = training.model(batch.tokens, None)[0].softmax(-1)
    places = [t for t in range(batch.targets.shape[1]) if batch.targets[0, t] != IGNORE]
    return float(np.prod([float(p[t, batch.targets[0, t]]) for t in places]))


def test_the_shares_are_those_of_a_loop(run):
    training = training_at(str(run.path), STEPS, None)
    shown = {group.name: group for group in answers.knowledge(str(run.path), STEPS).groups}
    assert list(shown) == list(facts.groups())
    group = shown[facts.NEVER]
    every = facts.groups()[facts.NEVER]
    assert (group.count, group.examples) == (len(every), len(every))
    assert group.right == pytest.approx(np.mean([said(training, f.question) == f.answer for f in every]))
    often = {"currency": "Euro", "language": "English", "country": "United States"}
    assert group.majority == pytest.approx(np.mean([f.answer == often[f.relation] for f in every]))


def test_the_majority_is_of_what_was_said_in_training():
    facts_ = [SimpleNamespace(relation="currency", answer=answer) for answer in ("Yen", "Euro", "Euro", "Yen", "Yen")]
    said_ = SimpleNamespace(facts=facts_, trained=torch.tensor([0, 1, 2]))
    assert answers.majorities(said_) == {"currency": "Euro"}


def edited_by_hand(run) -> dict[str, torch.Tensor]:
    """The weights after the edit by torch's own Adam on the parameters one by one."""
    model, task = run.model_at(STEPS), run.task
    batch = task.taught(QUESTION, ANSWER)
    optimizer = torch.optim.Adam(model.parameters(), lr=EDIT["rate"])
    for _ in range(EDIT["steps"]):
        optimizer.zero_grad()
        logits = model(batch.tokens, None)
        torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch.targets.flatten()).backward()
        optimizer.step()
    return dict(model.named_parameters())


def test_an_edit_is_torchs_adam_on_the_one_question(run):
    training = restore(run, STEPS)
    training.apply("edit", {"edit": EDIT})
    for name, weight in edited_by_hand(run).items():
        mine = training.named[name]
        if name.endswith("project.bias"):  # keys' third of it changes no softmax: its gradient is rounding, and 0
            mine, weight = (torch.cat([bias[:16], bias[32:]]) for bias in (mine, weight))
        torch.testing.assert_close(mine, weight, rtol=1e-3, atol=1e-4)


def test_what_is_shown_is_what_the_edited_weights_say_and_the_weights_come_back(run):
    training = training_at(str(run.path), STEPS, None)
    before = training.flat.values.clone()
    shown = answers.edited(str(run.path), STEPS, QUESTION, ANSWER, 4, 1e-2)
    assert torch.equal(training.flat.values, before)
    assert len(shown.losses) == 4
    assert shown.losses[0] > shown.losses[-1]
    fresh = restore(run, STEPS)
    fresh.model.eval()
    rows = shown.rows
    for row in rows:
        assert row.before == said(fresh, row.question)
        assert row.p_before == pytest.approx(chance_of(fresh, row.question, row.watched), rel=1e-4)
    fresh.apply("edit", {"edit": EDIT})
    for row in rows:
        assert row.after == said(fresh, row.question)
        assert row.p_after == pytest.approx(chance_of(fresh, row.question, row.watched), rel=1e-4)
    assert shown.moved == pytest.approx(float((fresh.flat.values - before).norm() / before.norm()), rel=1e-6)
    itself = rows[0]
    assert (itself.group, itself.question, itself.watched) == (answers.ITSELF, QUESTION, ANSWER)
    assert itself.p_after > itself.p_before
    assert shown.kept_after <= 1


def test_other_facts_are_asked_before_the_edit_and_after(run, monkeypatch):
    shares = iter([np.array([True, True]), np.array([True, False])])
    monkeypatch.setattr(answers, "right_of", lambda *_: next(shares))
    itself = run.task.question(QUESTION)
    monkeypatch.setattr(answers, "some", lambda *_: [itself, itself + 1, itself + 2])
    shown = answers.edited(str(run.path), STEPS, QUESTION, ANSWER, 1)
    assert (shown.kept, shown.kept_after, shown.others) == (1, 0.5, 2), "of all but the one that is edited"


def test_the_nearest_are_those_in_the_most_similar_states(run):
    training = training_at(str(run.path), STEPS, None)
    task, name = training.task, tap(training)
    number = task.question(QUESTION)
    among = [n for n in task.trained.tolist() if task.facts[n].relation == "currency" and not task.facts[n].two_steps][
        :40
    ]

    def state(n: int) -> np.ndarray:
        batch = task.arrange(torch.tensor([n]))
        begins = int((batch.targets[0] != IGNORE).int().argmax())
        vector = observe(training.model, batch, gradients=False).values[name][0, begins].astype(float)
        return vector / np.linalg.norm(vector)

    alike = {n: float(state(n) @ state(number)) for n in among}
    near = answers.nearest(training, task, number, among)
    assert [alike[n] for n in near] == pytest.approx(sorted(alike.values(), reverse=True)[: answers.NEAREST], abs=1e-6)


def test_neighbours_are_near_in_the_way_that_is_said(run):
    rows = answers.edited(str(run.path), STEPS, QUESTION, ANSWER).rows
    of = {name: [row for row in rows if row.group == name] for name in dict.fromkeys(row.group for row in rows)}
    assert [row.question for row in of[answers.ON_IT]] == ["currency of the country of Budapest ?"]
    assert all(row.watched == ANSWER for row in of[answers.ON_IT])
    assert [row.question for row in of[answers.SUBJECT]] == ["language of Hungary ?"]
    assert all(row.question.startswith("currency of ") for row in of[answers.RELATION])
    assert len({row.question for row in rows}) == len(rows)


def test_what_follows_from_another_country_is_its_own_money(run):
    rows = answers.edited(str(run.path), STEPS, "country of Budapest ?", "Japan").rows
    watched = {row.question: row.watched for row in rows if row.group == answers.ON_IT}
    assert watched == {
        "currency of the country of Budapest ?": "Japanese Yen",
        "language of the country of Budapest ?": "Japanese",
    }


def test_a_branch_with_an_edit_keeps_both_and_comes_again_bit_for_bit(run, tmp_path):
    """As a worker carries the order out: the file of the branch has the weights after it, and replay repeats it."""
    path = tmp_path / "edited.run"
    branch.branch(str(run.path), STEPS, str(path), {})
    training = restore(Run.open(path), STEPS)
    with Recorder(path) as recorder:
        training.apply("edit", {"edit": EDIT})
        recorder.event(STEPS, "edit", {"edit": EDIT})
        recorder.snapshot(training)
        for step in islice(training, 5):
            recorder.add(step, training)
        recorder.status("paused", "")
    again = restore(run, STEPS)
    again.apply("edit", {"edit": EDIT})
    with closing(Run.open(path)) as kept:
        assert kept.events[-1].label == "step 30: “currency of Hungary ?” is taught “Euro”"
        assert torch.equal(restore(kept, STEPS).flat.values, again.flat.values)
        assert not torch.equal(restore(kept, STEPS).flat.values, restore(run, STEPS).flat.values)
        assert torch.equal(restore(kept, STEPS - 1).flat.values, restore(run, STEPS - 1).flat.values)
        for _ in islice(again, 5):
            pass
        assert torch.equal(restore(kept, STEPS + 5).flat.values, again.flat.values)
    assert "edit" not in HEAD_EVENTS


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"question": "currency of Atlantis ?"}, "never saw Atlantis"),
        ({"answer": "Doubloon"}, "never saw Doubloon"),
        ({"steps": 51}, "less than or equal to 50"),
        ({"rate": float("nan")}, "finite"),
    ],
)
def test_odd_edits_are_refused_and_change_nothing(run, wrong, why):
    training = restore(run, STEPS)
    before = training.flat.values.clone()
    with pytest.raises(ValueError, match=why):
        training.apply("edit", {"edit": EDIT | wrong})
    assert torch.equal(training.flat.values, before)


def test_a_run_without_facts_has_none_to_edit(tmp_path):
    with closing(recorded(tmp_path / "reverse.run", 2)) as other:
        for ask in (
            lambda: answers.knowledge(str(other.path), 1),
            lambda: restore(other, 1).apply("edit", {"edit": EDIT}),
        ):
            with pytest.raises(ValueError, match="learned no facts"):
                ask()
