"""By what the Memory page sorts cells: how long they keep, or what they follow."""

from __future__ import annotations

import numpy as np
from messages import looked_for
from tiny_runs import TINY, recorded
from visits import look, settled

from explorer.answers.records.recurrence import Cells, Followed
from explorer.measure.recurrence import memory_time
from explorer.runs import catalogue
from explorer.ui.memory import inside

WHAT = ["the token is “b”", "inside ( … )", "the token is “b”", "inside ( … )"]


def test_cells_that_follow_the_same_stand_together_before_those_that_follow_nothing():
    gates = np.array([[0.1, 0.2, 0.3, 0.4]])
    cells = Cells(3, "gru", 0, 1, ["a"], ["update_gate", "hidden"], np.stack([gates, gates]), memory_time(gates), "z")
    follows = Followed(3, 0, WHAT, np.array([0.91, 0.95, 0.4, 0.99]), 64)
    assert inside.order(cells).tolist() == [3, 2, 1, 0]
    assert inside.order(cells, follows).tolist() == [3, 1, 0, 2]
    assert inside.sentence(cells, follows) == (
        "cells that each follow something, on examples that did not choose it: 3 of 4. Most often: inside ( … ) (2) "
        "and the token is “b” (1)."
    )
    nothing = Followed(3, 0, WHAT, np.full(4, 0.5), 64)
    assert inside.sentence(cells, nothing).startswith("no cell follows anything by itself: none has 90")


def test_the_page_sorts_by_what_cells_follow_where_that_is_chosen(served):
    path = catalogue.new_path("sorted")
    recorded(path, 2, TINY.replace({"model.kind": "lstm", "model.width": 8})).close()
    app = look("memory", {"run": path.stem}, remembers="Inside the cells")
    assert any("keeps what it has" in line for line in looked_for(app))
    app.selectbox(key="cells-by").set_value(inside.FOLLOW)
    assert any("follow" in line for line in looked_for(settled(app)))
