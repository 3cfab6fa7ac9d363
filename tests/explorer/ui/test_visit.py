"""What a visit keeps."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import streamlit as st

from explorer.ui import visit
from explorer.ui.shelf import Recent
from explorer.ui.visit import MOST


@dataclass
class Place:
    """Something that a page keeps."""

    row: int = 0
    names: list[str] = field(default_factory=list)


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {})


def test_a_class_has_one_object_a_visit_and_one_for_each_key():
    visit.kept(Place).row = 3
    visit.kept(Place, "run", 7).names.append("first")
    assert visit.kept(Place) == Place(3)
    assert visit.kept(Place, "run", 7) == Place(0, ["first"])
    assert visit.kept(Place, "run", 8) == Place()


def test_a_visit_keeps_a_bounded_number_of_objects_and_among_them_the_one_in_use():
    visit.kept(Place, "used").row = 1
    for number in range(2 * MOST):
        visit.kept(Place, number)
        assert visit.kept(Place, "used").row == 1
    (objects,) = st.session_state.values()
    assert len(objects) == MOST


def test_all_that_grows_with_what_a_visitor_looks_at_is_bounded():
    growing = {name for name, value in vars(visit.state()).items() if isinstance(value, dict)}
    assert {name for name in growing if not isinstance(getattr(visit.state(), name), Recent)} == {"refused"}


def test_a_wish_to_draw_the_page_as_a_whole_is_granted_once():
    visit.state().rerun = True
    assert [visit.state().draws_all() for _ in range(2)] == [True, False]
