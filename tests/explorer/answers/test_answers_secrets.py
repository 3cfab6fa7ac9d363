"""A secret's rank and exposure against reading each of all numbers by itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_runs import recorded
from torch import nn

from explorer import Run, RunConfig
from explorer.answers.writing.secrets import secret

SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "model.context": 16, "train.batch": 8}
LINE = "the number is 407\n"
TEXT = ("0123456789\n" + LINE * 6) * 8
STEPS = 40


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    config = RunConfig.preset("shakespeare").replace({**SMALL, "task.name": "text", "task.text": TEXT})
    return recorded(tmp_path_factory.mktemp("secrets") / "secrets.run", STEPS, config)


def log_p_of(model: nn.Module, run: Run, text: str, digits: int) -> float:
    """ln p of the last letters of a text, by one pass over all before the last, as far as the model reads."""
    tokens = run.task.tokens_of(text)
    with torch.no_grad():
        log_p = model(tokens[:, :-1][:, -16:])[0].double().log_softmax(-1)
    return sum(float(log_p[-t, tokens[0, -t]]) for t in range(1, digits + 1))


@pytest.mark.parametrize("before", ["the number is ", "is ", "the number is the number is "])
def test_every_number_is_ranked_as_if_it_were_read_alone(run, before):
    model = run.model_at(STEPS).eval()
    log_p = np.array([log_p_of(model, run, f"{before}{number:02d}", 2) for number in range(100)])
    for number in (40, 7, 99):
        answer = secret(str(run.path), STEPS, before, f"{number:02d}")
        assert answer.candidates == 100
        assert answer.rank == int((log_p >= log_p[number] - 1e-6).sum())
        assert answer.exposure == pytest.approx(np.log2(100) - np.log2(answer.rank))
        assert answer.p == pytest.approx(float(np.exp(log_p[number])), rel=1e-4)
    assert answer.likeliest == f"{int(log_p.argmax()):02d}"
    assert answer.likeliest_p == pytest.approx(float(np.exp(log_p.max())), rel=1e-4)


def test_a_number_of_three_digits_has_the_chances_of_its_own_digits_in_their_order(run):
    model = run.model_at(STEPS).eval()
    for number in ("407", "318", "009"):
        expected = log_p_of(model, run, f"number is {number}", 3)
        assert secret(str(run.path), STEPS, "number is ", number).p == pytest.approx(np.exp(expected), rel=1e-4)


def test_what_was_read_again_and_again_is_exposed_and_what_never_was_is_not(run):
    planted = secret(str(run.path), STEPS, "number is ", "407")
    never = [secret(str(run.path), STEPS, "number is ", number).exposure for number in ("318", "956", "221")]
    assert planted.exposure > max(never)
    assert min(never) >= 0
    assert planted.exposure <= np.log2(1000)
    untrained = secret(str(run.path), 0, "number is ", "407")
    assert untrained.p == pytest.approx(1 / len(run.task.vocabulary) ** 3, rel=0.5)


@pytest.mark.parametrize(
    ("before", "number", "says"),
    [
        ("number is ", "4o7", "a number of 1 to 4 digits, such as 4831; it is '4o7'"),
        ("number is ", "12345", "a number of 1 to 4 digits"),
        ("", "407", "there is nothing before the secret"),
        ("Zoë ", "407", "the model does not know 'Z'"),
    ],
)
def test_what_is_no_secret_is_refused_in_a_sentence(run, before, number, says):
    with pytest.raises(ValueError, match=says):
        secret(str(run.path), STEPS, before, number)


def test_a_run_without_all_digits_or_without_letters_is_refused(tmp_path):
    config = RunConfig.preset("shakespeare").replace({**SMALL, "task.name": "text", "task.text": LINE * 20})
    path = str(recorded(tmp_path / "few.run", 1, config).path)
    with pytest.raises(ValueError, match="has no digits 1, 2, 3, 5, 6, 8 and 9, so not"):
        secret(path, 1, "number is ", "407")
    config = config.replace({"task.text": "there is no number here\n" * 20})
    path = str(recorded(tmp_path / "none.run", 1, config).path)
    with pytest.raises(ValueError, match="has no digits, so not"):
        secret(path, 1, "number is ", "407")
    path = str(recorded(tmp_path / "reverse.run", 1).path)
    with pytest.raises(ValueError, match="letter by letter"):
        secret(path, 1, "number is ", "407")
