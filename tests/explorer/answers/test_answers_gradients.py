"""What the gradients page gets, against what the run recorded."""

import numpy as np
import pytest
from tiny_runs import recorded

from explorer import Run
from explorer.answers import gradients


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return recorded(tmp_path_factory.mktemp("runs") / "tiny.run", 20, every=5)


def test_the_heads_gradients_add_up_to_their_tensors(run):
    answer = gradients.heads(str(run.path), 15)
    assert answer.steps.tolist() == [0, 5, 10, 15]
    steps, norms, _ = run.tensor_norms(answer.steps)
    assert steps.tolist() == answer.steps.tolist()
    for path in ("blocks.0.attention", "blocks.1.attention"):
        own = [answer.heads.index(f"{path}.{h}") for h in range(2)]
        parts = [f"{path}.project.weight", f"{path}.project.bias", f"{path}.output.weight"]
        whole = np.linalg.norm(norms[:, [run.tensors.index(part) for part in parts]], axis=1)
        np.testing.assert_allclose(np.linalg.norm(answer.norms[:, own], axis=1), whole, rtol=1e-4)


def test_norms_of_a_growing_run_are_read_once_and_stay_the_same(run):
    fresh = Run.open(run.path)
    run.tensor_norms(np.arange(0, 10, 2))
    for steps in (np.arange(0, 12, 2), np.array([3]), np.arange(20), np.array([5, 5, 99])):
        for grown, read in zip(run.tensor_norms(steps), fresh.tensor_norms(steps), strict=True):
            np.testing.assert_array_equal(grown, read)
        fresh.close()
        fresh = Run.open(run.path)


def test_the_share_of_clipped_steps_is_that_of_all_recorded_ones(run):
    clipped = run.steps["clipped_grad_norm"] < run.steps["grad_norm"]
    assert run.clipped() == (clipped.mean(), 20)
    assert run.clipped() == (clipped.mean(), 20), "counted once"
