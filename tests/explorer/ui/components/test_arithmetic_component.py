"""What Python sends to the arithmetic component."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.answers.records.arithmetic import HeadArithmetic
from explorer.ui.components.arithmetic import describe

C, D, K = 6, 2, 3
SHAPES: dict[str, tuple[int, ...]] = {
    "x": (C,),
    "inputs": (K, C),
    **{f"{kind}_{letter}": (D, C) if kind == "w" else (D,) for letter in "qkv" for kind in "wb"},
    "q": (D,),
    "keys": (K, D),
    **dict.fromkeys(("products", "mask", "scores"), (K,)),
    "row_max": (1,),
    "exponentials": (K,),
    "row_sum": (1,),
    "pattern": (K,),
    "values": (K, D),
    "weighted": (K, D),
    "out": (D,),
    "w_o": (C, D),
    "part": (C,),
}
ANSWER = HeadArithmetic(
    step=5,
    path="decoder.blocks.1.cross",
    head=1,
    query=2,
    scale=D**-0.5,
    gain=1.0,
    positions="",
    bias="",
    precision="float32",
    **{name: np.zeros(shape) for name, shape in SHAPES.items()},
)


def described(**changes) -> dict:
    return describe(ANSWER, **({"queries": list("abcd"), "keys": list("xyz"), "height": 700} | changes))


def test_the_header_says_which_numbers_follow_and_how_many_of_each():
    header = described()
    assert header["arrays"] == [[name, math.prod(shape)] for name, shape in SHAPES.items()]
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
    from explorer.analysis.arithmetic import head_arithmetic
    from explorer.answers.records.arithmetic import HeadArithmetic
    from explorer.training.loop import Training
    from explorer.ui.components.arithmetic import arithmetic

    training = Training(RunConfig.preset("reverse").replace({"model.width": 16, "model.heads": 2}))
    probe = training.task.probe()
    plain, arrays = head_arithmetic(training.model, probe, "blocks.0.attention", 1, 3)
    tokens = training.task.vocabulary.show(probe.tokens[0])
    answer = HeadArithmetic(step=0, **plain, **arrays)
    st.write(f"holds {arithmetic(answer, key='sums', queries=tokens, keys=tokens)}")


def test_an_answer_is_drawn_and_at_first_nothing_is_held():
    at = AppTest.from_function(page).run(timeout=240)
    assert not at.exception
    assert at.markdown[0].value == "holds None"
