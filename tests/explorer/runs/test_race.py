"""Races: ordinary runs trained side by side by a real host, each as it would be alone."""

from __future__ import annotations

import os
import signal
from itertools import islice
from pathlib import Path

import pytest
from families import family
from tiny_runs import TINY
from waiting import until

from explorer import Run, RunConfig, train
from explorer.runs import catalogue, file, race

STEPS = 40
CONFIGS = {
    "Adam": TINY.replace({"optimizer.name": "adam", "train.steps": STEPS}),
    "SGD": TINY.replace({"optimizer.name": "sgd", "optimizer.lr": 0.1, "train.steps": STEPS}),
    "Muon, dropout": TINY.replace({"optimizer.name": "muon", "model.dropout": 0.1, "train.steps": STEPS}),
}
WILD = TINY.replace({"optimizer.name": "sgd", "optimizer.lr": 90, "train.clip": None, "train.steps": STEPS})


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "folder", lambda: tmp_path)


def begun(configs: dict[str, RunConfig], mode: race.Mode = "lockstep") -> list[Run]:
    return [Run.open(path) for path in race.begin(configs, "tiny", mode)]


def alone(config: RunConfig, steps: int = STEPS) -> list[float]:
    return [step.loss for step in islice(train(config), steps)]


def losses(run: Run) -> list[float]:
    return run.steps["loss"].tolist()


def all_become(runs: list[Run], state: str) -> None:
    until(lambda: all(run.status.state == state for run in runs), f"all are {state}")


def states(runs: list[Run]) -> list[str]:
    return [run.status.state for run in runs]


@pytest.mark.parametrize("mode", ["lockstep", "workers"])
def test_each_contender_has_the_losses_it_has_alone(client, mode) -> None:
    runs = begun(CONFIGS, mode)
    client.order(runs[1].path, "play")
    all_become(runs, "finished")
    for run, config in zip(runs, CONFIGS.values(), strict=True):
        assert losses(run) == alone(config)
        assert [e.kind for e in run.events] == ["started", "finished"]
    assert not any(client.complaints(run.path) for run in runs)


def test_pausing_one_pauses_all_at_the_same_step_and_nothing_is_lost(client) -> None:
    runs = begun(CONFIGS)
    client.order(runs[0].path, "speed", value=100)
    client.order(runs[0].path, "play")
    until(lambda: runs[2].last > 5, "the last contender takes steps")
    assert all(client.working(run.path) for run in runs)
    client.order(runs[2].path, "pause", reason="by hand")
    all_become(runs, "paused")
    assert len({run.last for run in runs}) == 1
    stopped = runs[0].last
    client.order(runs[1].path, "single").result(timeout=120)
    until(lambda: all(run.last == stopped + 1 for run in runs), "each takes one step")
    client.order(runs[1].path, "speed", value=None)
    client.order(runs[1].path, "play")
    all_become(runs, "finished")
    assert [losses(run) for run in runs] == [alone(config) for config in CONFIGS.values()]


def test_a_killed_worker_leaves_files_that_go_on_to_the_same_losses(client) -> None:
    runs = begun(CONFIGS)
    before = family(client.process.pid)
    client.order(runs[0].path, "speed", value=100)
    client.order(runs[0].path, "play")
    until(lambda: all(run.last > 5 for run in runs), "all take steps")
    (worker,) = family(client.process.pid) - before
    os.kill(worker, signal.SIGKILL)
    all_become(runs, "interrupted")
    until(lambda: not any(client.working(run.path) for run in runs), "the end is told of all")
    client.order(runs[0].path, "speed", value=None)
    client.order(runs[0].path, "play")
    all_become(runs, "finished")
    assert [losses(run) for run in runs] == [alone(config) for config in CONFIGS.values()]


def test_one_that_diverges_is_marked_and_leaves_the_others_running(client) -> None:
    runs = begun(CONFIGS | {"wild": WILD})
    client.order(runs[3].path, "play")
    until(lambda: all(run.status.state in ("finished", "diverged") for run in runs), "all are over")
    assert states(runs) == ["finished"] * 3 + ["diverged"]
    assert runs[3].events[-1].kind == "diverged"
    assert [losses(run) for run in runs[:3]] == [alone(config) for config in CONFIGS.values()]
    client.order(runs[3].path, "pause", reason="by hand").result(timeout=120)
    client.order(runs[0].path, "set", **{"train.steps": STEPS + 2}).result(timeout=120)
    client.order(runs[3].path, "play")
    until(lambda: runs[0].last == STEPS + 2 and runs[0].status.state == "finished", "only who can goes on")
    assert states(runs) == ["finished"] * 3 + ["diverged"]
    assert [e.kind for e in runs[3].events] == ["started", "diverged"]
    assert runs[1].last == STEPS


def test_what_is_set_for_one_is_set_for_one(client) -> None:
    runs = begun(CONFIGS)
    client.order(runs[1].path, "set", **{"optimizer.lr": 0.01}).result(timeout=120)
    client.order(runs[1].path, "bookmark", label="here").result(timeout=120)
    assert [[e.kind for e in run.events] for run in runs] == [[], ["set", "bookmark"], []]


def test_a_contender_whose_file_is_gone_or_broken_does_not_hold_the_others_up(client) -> None:
    runs = begun(CONFIGS)
    runs[1].path.write_bytes(b"no run")
    runs[2].path.unlink()
    client.order(runs[0].path, "play")
    until(lambda: runs[0].status.state == "finished", "the first finishes")
    client.order(runs[1].path, "bookmark", label="").result(timeout=120)
    assert "no run file or is damaged" in client.complaints(runs[1].path)[0].replace("not a", "no")
    assert list(race.members(Run.open(runs[0].path))) == ["Adam"]
    still_open = {str(run.path): run for run in runs}
    assert "Muon, dropout" not in race.members(runs[0], still_open.__getitem__), "it is open and yet it is gone"


def test_a_run_knows_its_race_and_a_branch_of_it_is_in_none(tmp_path: Path) -> None:
    runs = begun(CONFIGS)
    found = [race.race_of(run) for run in runs]
    assert [one.name for one in found] == list(CONFIGS)
    assert {(one.id, one.mode, tuple(one.stems)) for one in found} == {
        (found[0].id, "lockstep", tuple(run.id for run in runs))
    }
    assert list(race.members(runs[1])) == list(CONFIGS)
    copy = tmp_path / "copy.run"
    copy.write_bytes(runs[0].path.read_bytes())
    assert race.race_of(Run.open(copy)) is None
    assert list(race.members(Run.open(copy))) == ["copy"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["one"], "1 contenders cannot race; use 2 to 8"),
        ([str(i) for i in range(9)], "9 contenders cannot race"),
        (["Adam", "adam "], "two contenders have the same name"),
        (["Adam", " "], "is no contender's name"),
        (["Adam", "![](http://a.b/c.png)"], "is no contender's name"),
    ],
)
def test_a_race_that_cannot_be_is_refused_in_words(names: list[str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        race.begin({name: TINY.replace({"train.batch": at + 1}) for at, name in enumerate(names)}, "tiny")
    assert not list(catalogue.folder().glob("*.run"))


def test_seeds_of_one_contender_count_as_one_and_there_are_at_most_twenty_runs() -> None:
    def seeds(contenders: int, each: int) -> dict[str, RunConfig]:
        return {
            f"{one} · seed {seed}".replace("·", "with"): TINY.replace({"train.batch": one + 1, "train.seed": seed})
            for one in range(contenders)
            for seed in range(each)
        }

    paths = race.begin(seeds(4, 5), "tiny")
    assert len(race.members(Run.open(paths[0]))) == 20
    with pytest.raises(ValueError, match="21 runs cannot race; use fewer seeds, 20 runs at most"):
        race.begin(seeds(7, 3), "tiny")


def test_names_tell_what_differs_and_no_more() -> None:
    def names(*changes: dict) -> list[str]:
        return list(race.named([TINY.replace(change) for change in changes]))

    assert names({}, {"train.batch": 8}) == ["AdamW · batch 4", "AdamW · batch 8"]
    assert names({}, {"train.batch": 8}, {"model.dropout": 0.1}) == ["AdamW", "AdamW · batch 8", "AdamW · dropout 0.1"]
    assert names({}, {"train.seed": 1, "train.batch": 8}, {"train.seed": 1}) == [
        "AdamW · seed 0",
        "AdamW · batch 8 · seed 1",
        "AdamW · seed 1",
    ]
    long = {f"optimizer.{name}": 0.1 for name in ("lr", "weight_decay")} | {"train.clip": 0.123456, "train.batch": 512}
    long |= {"train.label_smoothing": 0.1234, "model.dropout": 0.1234, "optimizer.warmup": 123}
    several = names(long | {"train.seed": 1}, long | {"train.seed": 2}, {})
    assert len(several) == 3
    assert all(len(name) <= race.NAME_LENGTH for name in several)
    drawn = [{"train.steps": 9, "optimizer.schedule": "drawn", "optimizer.drawn": f"0:{h} 1:0"} for h in (0.1, 1)]
    assert names(*drawn) == ["AdamW · drawn 0 0.1 1 0", "AdamW · drawn 0 1 1 0"]
    with pytest.raises(ValueError, match="two contenders are the same: AdamW; change"):
        names({}, {}, {"train.batch": 8})


@pytest.mark.parametrize(
    "detail",
    [
        "a race",
        {"id": "a", "name": "b", "members": ["one"], "mode": "lockstep"},
        {"id": "a", "name": "b", "members": {"one": "b", "../two": "c"}, "mode": "lockstep"},
        {"id": "a", "name": "b", "members": {"one": "b", "two": "c" * 1000}, "mode": "lockstep"},
        {"id": "a", "name": "b", "members": {"one": "b", "two": "<b>c"}, "mode": "lockstep"},
        {"id": "a", "name": "b", "members": {"one": "b", "two": "c"}, "mode": "sideways"},
        {"id": "a", "name": "b", "members": {"two": "b", "three": "c"}, "mode": "lockstep"},
    ],
)
def test_a_file_that_tells_of_no_real_race_is_in_none(tmp_path: Path, detail: object) -> None:
    path = tmp_path / "one.run"
    file.begin(path, TINY, race=detail)
    run = Run.open(path)
    assert race.race_of(run) is None
    assert race.together(path) == ([path], "workers")
    assert race.members(run) == {"one": run}
