"""Writing over a run: the tree's entropy at each snapshot, and the share of samples that are Python."""

import math

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import RunConfig
from explorer.answers.writing import decoding, history
from explorer.tasks.text import DEEPEST, LONGEST, Python

STEPS = 8
SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "train.batch": 4, "model.context": 16}


def test_the_curve_is_the_entropy_of_the_tree_at_each_snapshot(tmp_path):
    run = recorded(tmp_path / "tree.run", STEPS, TINY, every=4)
    settings = {"width": 3, "depth": 4, "threshold": 0.001}
    found = history.tree_history(str(run.path), STEPS, **settings)
    assert found.steps.tolist() == [0, 4, 8]
    model, opening = run.model_at(STEPS).eval(), run.task.opening()
    branches = decoding.tree(str(run.path), STEPS, **settings).branches
    symbols = run.task.vocabulary.symbols
    weights, entropies = [], []
    for at in [-1, *(i for i, one in enumerate(branches) if one.column < 3)]:
        tokens, place = [], at
        while place >= 0:
            tokens.insert(0, symbols.index(branches[place].token))
            place = branches[place].parent
        with torch.no_grad():
            read = torch.cat([opening.tokens, torch.tensor([tokens], dtype=torch.long)], 1)
            p = model(read)[0, -1].double().softmax(-1)
        weights.append(math.exp(branches[at].log_p) if at >= 0 else 1.0)
        entropies.append(-(p * p.log2()).sum().item())
    assert found.bits[-1] == pytest.approx(np.average(entropies, weights=weights), abs=1e-5)
    assert found.bits[0] > 0.95 * math.log2(len(symbols)), "before training any token is as likely as any other"


def test_the_share_of_python_is_counted_at_each_snapshot_beside_its_baselines(tmp_path):
    run = recorded(tmp_path / "python.run", STEPS, RunConfig.preset("python").replace(SMALL), every=4)
    found = history.parse_history(str(run.path), STEPS)
    assert found.steps.tolist() == [0, 4, 8]
    assert ((found.share >= 0) & (found.share <= 1)).all()
    assert (found.share * found.samples == np.round(found.share * found.samples)).all()
    assert 0 <= found.letters < found.code < 1
    again = history.parse_history(str(run.path), STEPS)
    assert again.share.tolist() == found.share.tolist()
    other = recorded(tmp_path / "other.run", 1, TINY)
    with pytest.raises(ValueError, match="does not write Python; look at a run with"):
        history.parse_history(str(other.path), 1)


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("x = 1\ny =", True),  # its last line is cut off
        ("x = 1", False),  # no whole line
        ("\n\n\n", False),
        ("for i in x:\n    pass\n", True),
        ("for i in x:\n", False),
        ("import os; os.abort()\n", True),  # parsed and never run
        ("'\\d'\n", True),  # a warning at most
        ("\0\n", False),
        ("(" * 5000 + "\n", False),
        ("(" * DEEPEST + ")" * DEEPEST + "\n", True),
        ("x = 1\n" * LONGEST, False),
        ("-" * 19_000 + "1\n", False),
    ],
)
def test_what_is_accepted(text, accepted):
    assert Python.accepts(text) is accepted
