"""What Python sends to the arithmetic component."""

from __future__ import annotations

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.ui.components.arithmetic import describe

C, D, K = 6, 2, 3
PLAIN = {
    "path": "decoder.blocks.1.cross",
    "head": 1,
    "query": 2,
    "scale": D**-0.5,
    "gain": 1.0,
    "positions": "none",
    "precision": "float32",
}
ARRAYS = {"x": np.zeros(C), "keys": np.zeros((K, D)), "w_o": np.zeros((C, D))}


def described(**changes) -> dict:
    return describe(PLAIN, ARRAYS, **({"queries": list("abcd"), "keys": list("xyz"), "height": 700} | changes))


def test_the_header_says_which_numbers_follow_and_how_many_of_each():
    header = described()
    assert header["arrays"] == [["x", C], ["keys", K * D], ["w_o", C * D]]
    assert header["sizes"] == {"C": C, "D": D, "K": K}
    assert header["cross"]
    assert header["height"] == 700
    json.dumps(header, allow_nan=False)


def test_whoever_cannot_see_it_hears_which_head_and_query_it_is():
    assert "decoder cross-head 2.2 for the query at position 2, 3 keys" in described()["label"]


@pytest.mark.parametrize("changes", [{"keys": ["x"]}, {"queries": ["a", "b"]}])
def test_tokens_that_do_not_fit_the_numbers_are_refused(changes):
    with pytest.raises(ValueError, match="do not fit query 2 and 3 keys; give one token a position"):
        described(**changes)


def page():
    import streamlit as st

    from explorer import RunConfig
    from explorer.arithmetic import head_arithmetic
    from explorer.training import Training
    from explorer.ui.components.arithmetic import arithmetic

    training = Training(RunConfig.preset("reverse").replace({"model.width": 16, "model.heads": 2}))
    probe = training.task.probe()
    plain, arrays = head_arithmetic(training.model, probe, "blocks.0.attention", 1, 3)
    tokens = training.task.vocabulary.show(probe.tokens[0])
    st.write(f"holds {arithmetic(plain, arrays, key='sums', queries=tokens, keys=tokens)}")


def test_an_answer_is_drawn_and_at_first_nothing_is_held():
    at = AppTest.from_function(page).run(timeout=20)
    assert not at.exception
    assert at.markdown[0].value == "holds None"
