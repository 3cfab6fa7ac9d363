"""Tensors as bytes: those of safetensors itself."""

import numpy as np
import pytest
import safetensors.numpy
import torch
from tiny_runs import TINY

from explorer.runs.blobs import HEADERS, _headers, saved
from explorer.training.loop import train

KINDS = [
    {},
    {"one": np.array(2.5, np.float32)},
    {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.zeros((0, 4), np.float32), "n": np.array(7)},
    {"t": np.arange(6, dtype=np.float32).reshape(2, 3).T, "é": np.array([np.nan, np.inf, -0.0])},
    {"i": np.arange(3, dtype=np.int32), "u": np.arange(3, dtype=np.uint8), "f": np.ones(2, np.float64)},
]


@pytest.mark.parametrize("named", KINDS, ids=len)
def test_the_bytes_are_those_of_safetensors_the_first_time_and_again(named):
    _headers.clear()
    # as it is in memory: safetensors itself takes a transposed array for another
    expected = safetensors.numpy.save({name: np.array(array, order="C") for name, array in named.items()})
    assert [saved(named) for _ in range(2)] == [expected, expected]
    other = {name: np.array(array + array.dtype.type(1), order="C") for name, array in named.items()}
    assert saved(other) == safetensors.numpy.save(other)


def test_a_trainings_weights_and_state_are_read_back_bit_for_bit():
    training = train(TINY)
    for _ in range(3):
        next(training)
        for tensors in (training.weights(), training.state()):
            named = {name: tensor.numpy() for name, tensor in tensors.items()}
            assert saved(named) == safetensors.numpy.save(named)
            assert all(
                torch.equal(torch.from_numpy(safetensors.numpy.load(saved(named))[n]), t) for n, t in tensors.items()
            )


def test_of_many_kinds_only_the_last_are_kept():
    for length in range(HEADERS + 5):
        saved({"one": np.zeros(length, np.float32)})
    assert len(_headers) == HEADERS
