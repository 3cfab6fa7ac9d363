"""Variants that the house has only a record of: every page is drawn with them, and no request fails."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
import pytest
import torch
from every_page import APP, PAGES, draw
from here import Here
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded

from explorer.answers import arithmetic, heads, positions, reach, task
from explorer.answers.attention import patterns
from explorer.config.encodings import ENCODINGS, Encoding
from explorer.config.run import RunConfig
from explorer.config.schedules import SCHEDULES, Schedule
from explorer.measure.heads import SCORES, Score
from explorer.runs import catalogue, footprint
from explorer.runs.run import Run
from explorer.tasks.base import Batch, Task, Vocabulary
from explorer.tasks.fields import TASKS, TaskFields, TaskKind
from explorer.ui import server
from explorer.ui.attention import scores
from explorer.ui.optimizers import scheduling
from explorer.ui.positions import bench_runs, words
from models.config import ModelConfig
from models.positions import BASE, POSITIONS, Positions

ROOT = Path(__file__).parents[1]


def looks_at_the_start(patterns: np.ndarray, n: int) -> np.ndarray:
    """Mean of A[q, 0] over the second half."""
    return patterns[:, :, n:, 0].mean(axis=(0, 2))


START = Score(
    heading="start",
    words="start of the text",
    meaning="mean attention on the first token",
    formula="A[q, 0]",
    source="made up",
    measure=looks_at_the_start,
    clear=0.01,
)
ROOTED = Schedule(meaning="one over the root of the steps", share=lambda config, s, n: (1 + s) ** -0.5, ends=False)


class Logarithmic(Positions):
    """Adds −ln(1 + distance) / (head + 1) to each score."""

    def __init__(self, config: ModelConfig, generator: torch.Generator):
        super().__init__(config, generator)
        table = self.formula(config.context, config.head_width, config.heads)
        self.register_buffer("table", table, persistent=False)

    def bias(self, length: int) -> torch.Tensor:
        return self.table[:, :length, :length]

    def reorder(self, order: torch.Tensor) -> None:
        T = len(order)
        self.table[:, :T, :T] = self.table[:, order][:, :, order]

    def widen(self) -> None:
        self.table = self.formula(self.table.shape[1], 0, len(self.table)).double()

    @classmethod
    def formula(cls, length: int, width: int, heads: int, base: float = BASE) -> torch.Tensor:
        t = torch.arange(length)
        distance = (t[:, None] - t[None, :]).abs()
        return -torch.log1p(distance.float()) / torch.arange(1, heads + 1)[:, None, None]


LOGARITHMIC = Encoding(
    title="Logarithmic",
    spoken="logarithmic",
    source="made up",
    text="**Logarithmic** (made up). A score loses the logarithm of the distance.",
    acts="biases",
)


class ParityFields(TaskFields):
    """The parity of the bits so far."""

    name: Literal["parity"] = "parity"
    length: int = 6


class Parity(Task):
    """0110 -> 0100"""

    def __init__(self, fields: ParityFields, model: Any):
        self.vocabulary, self.length, self.chance = Vocabulary(("0", "1")), fields.length, 0.5

    def batch(self, size: int, generator: torch.Generator) -> Batch:
        bits = torch.randint(2, (size, self.length), generator=generator)
        return Batch(bits, bits.cumsum(1) % 2)

    def encode(self, text: str) -> Batch:
        bits = torch.tensor([[int(c) for c in text]])
        return Batch(bits, bits.cumsum(1) % 2)


PARITY = TaskKind(
    fields=ParityFields,
    made_by="parity:Parity",
    title="Parity",
    target="the parity of the bits so far",
    chance="one of two",
    sample="011 → 0",
    stretched="task.length",
)
PARITY_MODULE = ModuleType("explorer.tasks.parity")
PARITY_MODULE.Parity = Parity  # type: ignore[attr-defined]
CONFIG = {
    "task.name": "parity",
    "model.positions": "logarithmic",
    "model.context": 24,
    "optimizer.schedule": "rooted",
    "optimizer.lr": 0.01,
}


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[pytest.MonkeyPatch]:
    """A host that knows what this process knows, and a variant of each kind that has no more than its record."""
    folder, here = tmp_path_factory.mktemp("runs"), Here()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "folder", lambda: folder)
        patch.setattr(server, "host", lambda: here)
        patch.setitem(SCORES, "start", START)
        patch.setitem(POSITIONS, "logarithmic", Logarithmic)
        patch.setitem(ENCODINGS, "logarithmic", LOGARITHMIC)
        patch.setitem(SCHEDULES, "rooted", ROOTED)
        patch.setitem(TASKS, "parity", PARITY)
        patch.setitem(sys.modules, PARITY_MODULE.__name__, PARITY_MODULE)
        yield patch


def begun(name: str, steps: int = 4) -> Run:
    path = catalogue.new_path(name)
    return recorded(path, steps, TINY.replace(CONFIG), every=2)


@pytest.fixture(scope="module")
def run(house) -> Run:
    """A run with all of them."""
    return begun("made-up")


@pytest.fixture(scope="module")
def app(run) -> AppTest:
    """A visit that looks at the run."""
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["run"] = run.path.stem
    return app.run()


@pytest.mark.parametrize(("page", "section"), PAGES)
def test_every_page_is_drawn_with_all_of_them(app, page, section):
    host = server.host()
    host.failures.clear()
    draw(app, page, section)
    assert host.failures == []


def test_a_head_score_is_measured_named_and_explained(run):
    history = heads.history(str(run.path), 4)
    assert history.scores["start"].shape == (len(history.steps), 4)
    assert history.chance["start"][-1] == pytest.approx([START.chance(history.n, causal=True)] * 4)
    maps = patterns(str(run.path), 4)
    by_attention = [np.array(one.scores["start"]) for one in maps.attentions.values()]
    np.testing.assert_allclose(np.concatenate(by_attention), history.scores["start"][-1])
    assert scores.columns()["start"] == ("start", START.meaning)
    assert scores.over_time()["start"] == START.words
    assert "A[q, 0] (made up)" in scores.computed()
    assert "0.01 for start" in scores.computed()
    assert START.stands_out(0.02, 0.001)
    assert not START.stands_out(0.02, 0.01)


def test_a_schedule_is_followed_previewed_and_explained(run):
    np.testing.assert_allclose(run.steps["lr"], 0.01 / np.sqrt([1, 2, 3, 4]), rtol=1e-6)
    ahead = scheduling.ahead(run.config.replace({"train.steps": 8}), 4)
    assert ahead
    assert ROOTED.meaning in scheduling.computed()


def test_an_encoding_is_drawn_by_what_it_does(run):
    answer = positions.of_run(str(run.path), 4)
    near = np.log(2) * np.array([1, 0.5])
    np.testing.assert_allclose(answer.bias[:, 1, 0], -near, rtol=1e-6)
    np.testing.assert_allclose(answer.mean[:, 1], np.exp(-near), rtol=1e-6)
    assert answer.slopes is None
    assert "head 1 from distance 1 on, head 2 from distance 3 on" in words.sentence(answer)
    by_formula = positions.lecture("logarithmic", 24, 16, 2)
    np.testing.assert_array_equal(by_formula.bias, answer.bias)
    with pytest.raises(ValueError, match="positions are logarithmic: nothing is turned"):
        positions.rotation(str(run.path), 4)
    looked_at = arithmetic.way(str(run.path), 4, "blocks.0.attention.0", 3)
    assert looked_at.bias == "Logarithmic"
    np.testing.assert_allclose(looked_at.mask[:4], -np.log([4, 3, 2, 1]), rtol=1e-6)
    reached = reach.lengths(str(run.path), 4)
    assert not any(stretch.refused for stretch in reached.stretches), "a formula has no end"
    assert [config.model.positions for config in bench_runs.configs(bench_runs.BENCHES["sort"], 5, 0).values()] == [
        *ENCODINGS
    ]


def test_a_task_is_told_of_asked_for_and_read_at_longer_lengths(run):
    facts = task.about(str(run.path))
    assert (facts.chance, facts.vocabulary, facts.sample) == (0.5, 2, run.task.sample(run.task.probe()))
    assert run.config.flat()["task.length"] == 6
    assert RunConfig.from_json(run.config.to_json()) == run.config
    assert RunConfig.from_query(run.config.to_query()) == run.config
    reached = reach.lengths(str(run.path), 4)
    assert [stretch.tokens for stretch in reached.stretches] == [6, 12, 24]
    with pytest.raises(ValueError, match=r"model.kind=glove has no logits, which task.name=parity needs; use model"):
        footprint.admit(RunConfig.preset("words-glove").replace({"task.name": "parity"}), run.path.parent)
    with pytest.raises(ValueError, match=r"task.length=much is refused: .*try 6"):
        run.config.replace({"task.length": "much"})


def test_every_encoding_has_its_class():
    assert list(ENCODINGS) == list(POSITIONS)


def test_no_table_elsewhere_knows_an_encodings_name():
    """A preset or the first value of a field may name one, which is checked."""
    distinct = {"sinusoidal", "rotary", "alibi"}
    guilty = []
    homes = {ROOT / "explorer/config/encodings.py", ROOT / "models/positions.py"}
    for path in [*(ROOT / "explorer").rglob("*.py"), *(ROOT / "pages").rglob("*.py"), *(ROOT / "models").rglob("*.py")]:
        text = path.read_text("utf-8")
        if path in homes or not any(name in text for name in distinct):
            continue
        for node in ast.walk(ast.parse(text)):
            keys = node.keys if isinstance(node, ast.Dict) else []
            sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
            lists = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else []
            words = {part.value for part in [*keys, *sides, *lists] if isinstance(part, ast.Constant)}
            guilty += [f"{path.relative_to(ROOT)}:{node.lineno}" for word in words if word in distinct]
    assert guilty == []


def test_without_a_record_no_name_is_taken():
    with pytest.raises(ValueError, match=r"optimizer.schedule=rotten is no schedule; use constant"):
        TINY.replace({"optimizer.schedule": "rotten"})
    with pytest.raises(ValueError, match=r"model.positions=rotten is no encoding; use none"):
        TINY.replace({"model.positions": "rotten"})
    with pytest.raises(ValueError, match=r"task.name=rotten is not a task; use reverse"):
        TINY.replace({"task.name": "rotten"})
    with pytest.raises(ValueError, match="there is no encoding rotten; use none"):
        positions.lecture("rotten", 8, 8, 2)
