"""Many runs scored elsewhere: an actor's scores are those of this machine, and without Ray they are made here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ray_cluster import QUIET, two_workers
from tiny_runs import TINY, recorded
from waiting import until

from explorer.__main__ import main
from explorer.answers.records.record import encoded
from explorer.answers.translating.scores import scores
from explorer.cluster.actor import Actor
from explorer.cluster.address import VARIABLE
from explorer.cluster.excerpt import seed

STEPS, EXAMPLES = 12, 8


@pytest.fixture(scope="module")
def paths(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("scored")
    configs = {"reverse": TINY, "copy": TINY.replace({"task.name": "copy", "task.length": 6})}
    for name, config in configs.items():
        recorded(folder / f"{name}.run", STEPS, config, every=5).close()
    return [folder / f"{name}.run" for name in configs]


def here(path: Path) -> dict:
    return json.loads(json.dumps(encoded(scores(str(path), STEPS, EXAMPLES), [])))


def test_an_actor_sends_the_scores_that_the_run_has_here(paths):
    actor = Actor()
    names = [path.name for path in paths]
    actor.begin({"role": "scorer", "names": names, "examples": EXAMPLES}, {path.name: seed(path) for path in paths})
    answers: list[dict] = []

    def over() -> bool:
        reply = actor.exchange([], "")
        answers.extend(reply["answers"])
        assert not reply["crash"]
        return reply["over"]

    until(over, "both are scored", 60)
    assert answers == [{"scores": here(path)} for path in paths]


def table(capsys, *words: str) -> tuple[dict, str]:
    assert main(["score", *words, "--examples", str(EXAMPLES), "--json"]) == 0
    said = capsys.readouterr()
    return json.loads(said.out), said.err


def test_several_runs_are_scored_in_turn(paths, capsys):
    said, complaint = table(capsys, *map(str, paths))
    assert said == {str(path): here(path) for path in paths}
    assert complaint == ""
    assert main(["score", *map(str, paths), "--examples", str(EXAMPLES)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [f"{path.name} at step {STEPS}" for path in paths]


def test_where_no_cluster_answers_they_are_scored_here_and_it_is_said(paths, capsys):
    """Whether Ray is installed or not."""
    said, complaint = table(capsys, *map(str, paths), "--ray", "127.0.0.1:1")
    assert said == {str(path): here(path) for path in paths}
    assert complaint.endswith("; the runs that are left are scored here, one after the other\n")
    assert "Ray" in complaint


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--ray", "nowhere"], "is no cluster's address"),
        (["--step", "3"], "--step goes with one run"),
        (["--over-training"], "--over-training goes with one run"),
        (["--against", "x.run"], "--against goes with one run"),
        (["--examples", "1"], "examples=1"),
    ],
)
def test_what_goes_with_one_run_and_what_is_no_address_is_refused(paths, capsys, words: list[str], sentence: str):
    assert main(["score", *map(str, paths), *words]) == 1
    assert sentence in capsys.readouterr().err


def test_one_run_needs_no_cluster_and_a_run_that_is_none_is_named_first(paths, capsys, tmp_path):
    assert main(["score", str(paths[0]), "--ray", "auto"]) == 1
    assert "--ray goes with several runs" in capsys.readouterr().err
    assert main(["score", str(paths[0]), str(tmp_path / "gone.run")]) == 1
    said = capsys.readouterr()
    assert "gone.run" in said.err
    assert said.out == ""


@pytest.mark.prove
def test_a_cluster_of_two_gives_the_same_scores(paths, capsys, monkeypatch):
    pytest.importorskip("ray")
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(VARIABLE, raising=False)
    with two_workers() as cluster:
        said, complaint = table(capsys, *map(str, paths), "--ray", cluster.address)
    assert complaint == ""
    assert said == {str(path): here(path) for path in paths}
