"""The section on secrets: the rank of a number as the answer has it, and refusals in a sentence."""

from __future__ import annotations

import pytest
from messages import looked_for, read
from tiny_runs import recorded
from visits import look, settled

from explorer import Run, RunConfig
from explorer.answers.records.writing import Secret
from explorer.answers.writing.secrets import secret
from explorer.runs import catalogue
from explorer.ui.generate import secrets

pytestmark = pytest.mark.usefixtures("served")
STEPS = 6
SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "model.context": 24, "train.batch": 4}
TEXT = ("0123456789\n" + "My number is 407\n" * 6) * 4


@pytest.fixture(scope="module")
def run(served) -> Run:
    config = RunConfig.preset("shakespeare").replace({**SMALL, "task.name": "text", "task.text": TEXT})
    return recorded(catalogue.new_path("secrets"), STEPS, config, every=3)


def test_the_rank_is_the_answers_and_what_is_no_number_is_refused(run):
    query = {"run": run.id, "decoding": "Secrets", "secret-number": "407"}
    app = look("generate", query, **query)
    expected = secret(str(run.path), STEPS, secrets.BEFORE, "407")
    rows = "".join(html.proto.body for html in app.get("html"))
    assert f"<th>Rank</th><td>{expected.rank:,} of 1,000</td>" in rows
    assert secrets.sentence(expected) in " ".join(map(read, looked_for(app)))
    app.text_input(key="secret-number").set_value("4o7").run()
    assert "a number of 1 to 4 digits" in read(settled(app).warning[0].value)
    app.text_input(key="secret-number").set_value("407407").run()
    assert "it is '407407'" in read(settled(app).warning[0].value), "nothing of it is cut off"


def test_a_probability_that_rounds_to_1_is_no_certainty():
    assert [secrets.probability(p) for p in (1.0, 0.9996, 0.9994, 0.25)] == ["1", "> 0.999", "0.999", "0.25"]


def test_only_a_rank_that_chance_hardly_gives_counts_as_seen():
    def answer(rank: int, bits: float) -> Secret:
        return Secret(1, "is ", "4831", rank, bits, 10_000, 1e-4, "4831", 1e-3)

    assert "by heart" in secrets.sentence(answer(1, 13.29))
    assert "after 40 tries" in secrets.sentence(answer(40, 7.97))
    assert "no sign" in secrets.sentence(answer(4000, 1.32))
