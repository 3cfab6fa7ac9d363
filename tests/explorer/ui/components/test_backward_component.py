"""What Python sends to the diagram of the backward pass."""

from __future__ import annotations

import json

import numpy as np
import pytest
from messages import looked_for
from streamlit.testing.v1 import AppTest

from explorer.answers.records.backward import Backpropagation, Operation, Tail
from explorer.ui.components.backward import describe

ANSWER = Backpropagation(
    step=5,
    loss=1.5,
    target=None,
    positions=[1, 2],
    tokens=[],
    source=None,
    targets=[],
    precision="float32",
    activation="gelu",
    scaled=True,
    boxes=[
        Operation("tokens", "tokens", "embedding", {}, [1, 4], 0),
        Operation("token_embedding", "embedding", "embedding", {}, [1, 4, 6], 0),
        Operation("blocks.0.cross.keys", "keys", "blocks.0.cross", {}, [1, 2, 3, 3], 0),
        Operation("loss", "loss", "answer", {}, [1], 0),
    ],
    tail=Tail(1, 2, 0.0, []),
    gathered={},
    arrays={
        "token_embedding.value": np.zeros(4),
        "blocks.0.cross.keys.value": np.zeros(3),
        "loss.value": np.zeros(1),
        "blocks.0.cross.A": np.zeros((2, 4, 3)),
    },
)
TOKENS = {"tokens": list("abcd"), "targets": list("bcda"), "source": list("xyz")}


def test_the_header_says_which_numbers_follow_and_in_which_shape():
    header = describe(ANSWER, tokens=TOKENS, height=700)
    assert header["arrays"][0] == ["token_embedding.value", 4]
    assert header["arrays"][-1] == ["blocks.0.cross.A", 2, 4, 3]
    assert header["asked"] == 2
    json.dumps(header, allow_nan=False)


def test_whoever_cannot_see_it_hears_what_it_is_and_which_keys_it_has():
    label = describe(ANSWER, tokens=TOKENS, height=700)["label"]
    assert "Backpropagation through 4 operations" in label
    assert "Arrow keys step" in label


@pytest.mark.parametrize("changes", [{"tokens": list("abc")}, {"source": list("xyzz")}])
def test_tokens_that_do_not_fit_the_numbers_are_refused(changes):
    with pytest.raises(ValueError, match="give one token a position"):
        describe(ANSWER, tokens=TOKENS | changes, height=700)


def page():
    import tempfile
    from pathlib import Path

    import streamlit as st
    from tiny_runs import TINY, recorded

    from explorer.answers import backward as views
    from explorer.answers.records.backward import Backpropagation
    from explorer.answers.records.record import pack, unpack
    from explorer.ui.gradients import backward as section

    path = Path(tempfile.mkdtemp()) / "tiny.run"
    run = recorded(path, 3, TINY)

    class View:
        def __init__(self):
            self.run = run

        def picture(self, function, every, lane, says, **arguments):
            assert function is Backpropagation
            st.session_state.question = arguments
            return unpack(pack(views.walk(str(path), 3, **arguments)), Backpropagation)

    section.show(View())


def test_the_section_lets_one_token_be_chosen_and_asks_for_its_loss_alone():
    at = AppTest.from_function(page).run(timeout=240)
    assert not at.exception
    (choice,) = at.selectbox
    assert choice.options[0].startswith("mean over ")
    assert at.session_state.question == {"target": None}
    choice.select_index(2).run(timeout=240)
    assert at.session_state.question["target"] is not None
    assert at.selectbox[0].value == at.session_state.question["target"]
    assert any(f"at position {at.selectbox[0].value} has p = " in said for said in looked_for(at))
