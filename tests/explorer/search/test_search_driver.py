"""A search on a real host: it goes on to the same trials whatever is killed, and each is the run it would be alone."""

from __future__ import annotations

import os
import signal
from itertools import islice
from pathlib import Path

import pytest
from families import family, needs_proc
from searches import SMALL, SPACE
from tiny_runs import TINY
from waiting import until

from explorer import Run, RunConfig, train
from explorer.processes.client import Client
from explorer.search import search as file
from explorer.search import study
from explorer.search.ledger import Ledger, Trial
from explorer.search.search import Search
from explorer.search.trial import complete, given_up


def begun(folder: Path, search: Search = SMALL, name: str = "small") -> Path:
    """A search that nobody has carried on yet."""
    path = folder / f"{name}.search"
    file.write(path, search, "waiting")
    return path


def becomes(path: Path, state: str) -> None:
    until(lambda: file.read(path)[1].state == state, f"{path.stem} is {state}")


def events(path: Path) -> list[tuple]:
    """All that a search found, as values to compare."""
    return [
        (t.number, t.params, t.end, t.reason, t.last, t.steps.tolist(), t.losses.tolist())
        for t in Ledger(path).trials(file.read(path)[0])
    ]


@pytest.fixture(scope="module")
def undisturbed(client, tmp_path_factory) -> Path:
    """The small search, carried on to its end."""
    path = begun(tmp_path_factory.mktemp("searched"))
    client.order(path, "play")
    becomes(path, "finished")
    assert not client.complaints(path)
    return path


def test_a_trial_is_the_run_it_would_be_alone(undisturbed: Path):
    trials = Ledger(undisturbed).trials(SMALL)
    assert [t.number for t in trials] == list(range(SMALL.trials))
    for trial in trials:
        run = Run.open(trial.path)
        config = SMALL.config_of(trial.params)
        assert run.config == config
        assert run.steps["loss"].tolist() == [step.loss for step in islice(train(config), trial.last)]
        assert run.meta("search") == {"id": "small", "trial": trial.number, "params": trial.params}


@pytest.mark.parametrize(
    ("best", "said"), [(1.5, "1.5000 at best"), (3e-5, "3\N{NO-BREAK SPACE}×"), (float("inf"), "never finite, where")]
)
def test_a_trial_that_is_given_up_says_its_best_loss(best, said):
    assert given_up(best, 4).startswith(said)
    assert given_up(best, 4).endswith("where half of 4 trials before it had less")


def test_every_trial_ends_as_the_rules_say(undisturbed: Path):
    trials = Ledger(undisturbed).trials(SMALL)
    ends = {t.end for t in trials}
    assert "pruned" in ends, ends
    assert ends <= {"finished", "pruned", "stopped early", "diverged"}
    for t in trials:
        assert t.number == 0 or t.params == study.propose(SMALL, trials, t.number)
        rivals = study.rivals(SMALL, trials, t.number, t.params)
        given_up = [study.hopeless(SMALL, rivals, t.steps[:n], t.losses[:n]) for n in range(1, len(t.steps) + 1)]
        if t.end == "pruned":
            assert given_up.index(True) == len(t.steps) - 1, "at the first measurement where it is hopeless"
        elif t.end == "finished":
            assert not any(given_up[:-1])


@needs_proc
@pytest.mark.parametrize("which", [pytest.param("the driver", marks=pytest.mark.prove), "all"])
def test_a_search_whose_processes_are_killed_goes_on_by_itself_to_the_same_trials(
    client, tmp_path: Path, undisturbed: Path, which: str
):
    path = begun(tmp_path)
    before = family(client.process.pid)
    client.order(path, "play")
    first = file.trial_path(path, 0)
    until(lambda: first.exists() and Run.open(first).last > 3, "the first trial trains")
    driver, *rest = sorted(family(client.process.pid) - before)  # who makes the others is there first
    for process in [driver] if which == "the driver" else [driver, *rest]:
        os.kill(process, signal.SIGKILL)
    (sentence,) = until(lambda: client.complaints(path), "it is said")
    assert "the process that searched was killed; another one goes on" in sentence
    until(lambda: len([t for t in Ledger(path).trials(SMALL) if t.over]) >= 3, "three trials are over")
    client.order(path, "pause", reason="by hand")
    becomes(path, "paused")
    assert not {t.state for t in Ledger(path).trials(SMALL)} & {"training", "interrupted"}
    client.order(path, "play")
    becomes(path, "finished")
    assert events(path) == events(undisturbed)


@pytest.mark.prove
def test_one_at_a_time_comes_to_the_same_trials(tmp_path: Path, undisturbed: Path):
    one = Client(quota=1)
    path = begun(tmp_path)
    one.order(path, "play")
    becomes(path, "finished")
    one.close()
    assert events(path) == events(undisturbed)


def test_more_trials_leave_those_that_were_as_they_are(client, tmp_path: Path):
    search = SMALL.model_copy(update={"trials": 2})
    path = begun(tmp_path, search)
    client.order(path, "play")
    becomes(path, "finished")
    before = events(path)
    client.order(path, "trials", value=3)
    client.order(path, "play")
    until(lambda: len(events(path)) == 3 and file.read(path)[1].state == "finished", "a third trial")
    assert events(path)[:2] == before
    client.order(path, "trials", value=0)
    until(lambda: any("trials=0 is refused" in c for c in client.complaints(path)), "the refusal")
    client.order(path, "single")
    until(lambda: any("a search knows no order single" in c for c in client.complaints(path)), "the refusal")


def alone(folder: Path, search: Search, params: dict, rivals: list[Trial] | None = None) -> Run:
    """One trial, trained in this process."""
    from explorer.runs.file import begin

    path = folder / "one-t000.run"
    begin(path, search.config_of(params), search={"id": "one", "trial": 0, "params": params})
    complete(path, search, rivals or [], lambda: False)
    return Run.open(path)


def test_early_stopping_is_an_event_with_its_reason_and_counts_as_finished(tmp_path: Path):
    """A learning rate of 1e-9 learns nothing: whatever the first batches cost, nothing gets better."""
    frozen = patient(TINY)
    run = alone(tmp_path, frozen, {"optimizer.lr": 1e-9, "optimizer.name": "sgd", "model.layers": 1})
    (end,) = [e for e in run.events if e.kind == "stopped early"]
    means = run.steps["loss"].reshape(-1, 5).mean(1)
    best = 5 * (int(means.argmin()) + 1)
    assert end.detail["reason"] == f"training loss no better than at step {best} for {end.step - best} steps"
    assert end.step == run.last
    assert end.step - best == 15
    assert run.status.state == "finished"
    assert run.newest_snapshot() == run.last


def patient(config: RunConfig) -> Search:
    """A search whose trials are long enough to lose patience."""
    space = (SPACE[0].model_copy(update={"low": 1e-9}), *SPACE[1:])
    return Search(config=config, knobs=space, steps=200, every=5, patience=15, prune=False)


def test_held_out_loss_is_what_is_measured_where_there_is_one(tmp_path: Path):
    changes = {"task.name": "addition", "task.modulus": 7, "model.context": 4, "train.batch": 8}
    search = Search(config=TINY.replace(changes), knobs=SPACE, steps=20, every=5)
    params = {"optimizer.lr": 1e-2, "optimizer.name": "adamw", "model.layers": 1}
    run = alone(tmp_path, search, params)
    training = train(search.config_of(params))
    expected = []
    for step in training:
        if (step.index + 1) % 5 == 0:
            expected.append(training.validate())
    assert run.validation["step"].tolist() == [5, 10, 15, 20]
    assert list(zip(run.validation["loss"], run.validation["metric"], strict=True)) == expected
