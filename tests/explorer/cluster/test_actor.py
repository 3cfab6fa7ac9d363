"""An actor, without Ray: it trains copies of runs as a process here would, and tells all of it."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from searches import SMALL, trial
from tiny_runs import TINY
from waiting import until

from explorer import Run, RunConfig, train
from explorer.cluster.actor import Actor
from explorer.cluster.excerpt import seed
from explorer.cluster.mirror import Mirror
from explorer.runs import file
from explorer.runs.ends import HOST_KILLED, SERVER_STOPPED
from explorer.search import study
from explorer.search.ledger import Trial

CONFIGS = {"adam.run": TINY.replace({"train.steps": 20}), "sgd.run": TINY.replace({"optimizer.name": "sgd"})}


def sent(folder: Path, configs: dict[str, RunConfig], task: dict[str, Any]) -> tuple[Actor, dict[str, Mirror]]:
    """An actor that has begun with new runs, and their mirrors here."""
    for name, config in configs.items():
        file.begin(folder / name, config)
    actor = Actor()
    actor.begin({"names": list(configs)} | task, {name: seed(folder / name) for name in configs})
    return actor, {name: Mirror(folder / name) for name in configs}


def exchanged(actor: Actor, mirrors: dict[str, Mirror], orders: list[dict], goodbye: str = "") -> dict[str, Any]:
    reply = actor.exchange(orders, goodbye)
    for name, data in reply["news"].items():
        mirrors[name].take_in(data)
    return reply


def order(name: str, kind: str, n: int = 1, **detail: Any) -> dict[str, Any]:
    return {"run": name, "n": n, "kind": kind, "detail": detail}


def test_a_race_trained_by_an_actor_answers_obeys_and_has_the_losses_it_has_alone(tmp_path: Path):
    actor, mirrors = sent(tmp_path, CONFIGS, {"role": "worker", "names": [*CONFIGS, "gone.run"]})
    orders = [order("adam.run", "play"), order("gone.run", "bookmark", 2)]
    answers: list[dict] = exchanged(actor, mirrors, orders)["answers"]

    def both_have_twenty() -> bool:
        answers.extend(exchanged(actor, mirrors, [])["answers"])
        return all(mirror.last() >= 20 for mirror in mirrors.values())

    until(both_have_twenty, "twenty steps of each")
    exchanged(actor, mirrors, [order("sgd.run", "pause", 3, reason="by hand")])
    until(lambda: exchanged(actor, mirrors, [])["over"], "nothing is left to do")
    assert answers[0] == {"done": 1}
    assert "there is no run file gone.run" in answers[1]["refused"]
    assert not actor.folder.exists()
    for name, mirror in mirrors.items():
        mirror.close()
        run = Run.open(tmp_path / name)
        assert run.steps["loss"].tolist() == [step.loss for step in islice(train(CONFIGS[name]), run.last)]
        assert run.newest_snapshot() == run.last
    assert Run.open(tmp_path / "adam.run").status.state == "finished"
    assert Run.open(tmp_path / "sgd.run").status.reason == "by hand"


@pytest.mark.parametrize("reason", [SERVER_STOPPED, HOST_KILLED])
def test_whoever_says_goodbye_leaves_a_run_that_is_paused_and_says_why(tmp_path: Path, reason: str):
    actor, mirrors = sent(tmp_path, {"long.run": TINY}, {"role": "worker"})
    exchanged(actor, mirrors, [order("long.run", "play")])
    until(lambda: exchanged(actor, mirrors, [])["news"] and mirrors["long.run"].last() > 3, "it trains")
    until(lambda: exchanged(actor, mirrors, [], goodbye=reason)["over"], "it has paused")
    mirrors["long.run"].close()
    run = Run.open(tmp_path / "long.run")
    assert (run.status.state, run.status.reason) == ("paused", reason)
    assert run.newest_snapshot() == run.last


def test_a_trial_is_given_up_by_the_same_rule_and_a_second_role_can_be_lived(tmp_path: Path):
    params = {"optimizer.lr": 1e-4, "optimizer.name": "sgd", "model.layers": 1}
    rivals = [trial(n, params, [1e-3] * 6) for n in range(2)]
    arguments = {"search": SMALL.model_dump(mode="json"), "rivals": [t.plain() for t in rivals]}
    actor, mirrors = sent(tmp_path, {"t.run": SMALL.config_of(params)}, {"role": "received trial"} | arguments)
    until(lambda: exchanged(actor, mirrors, [])["over"], "the trial is over")
    mirrors["t.run"].close()
    end = Run.open(tmp_path / "t.run").events[-1]
    assert (end.kind, end.step) == ("pruned", SMALL.every)
    file.begin(tmp_path / "broken.run", TINY)
    actor.begin({"role": "received trial", "names": ["broken.run"]} | arguments | {"rivals": [{}]}, {})
    until(lambda: (last := actor.exchange([], ""))["over"] and last["crash"], "what broke is told")


def test_a_trial_as_plain_values_is_the_same_to_whoever_compares(tmp_path: Path):
    params = {"optimizer.lr": 0.1 + 0.2, "optimizer.name": "sgd", "model.layers": 1}
    one = trial(3, params, [2.5, float("inf"), 1 / 3])
    again = Trial.of_plain(one.plain())
    assert again.plain() == one.plain()
    assert study.frozen(SMALL, again).intermediate_values == study.frozen(SMALL, one).intermediate_values
