"""The span that the Memory page looks at: from the address, clamped to the text, and refused where it is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from messages import looked_for
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from waiting import until

from explorer.runs import catalogue
from explorer.ui import visit
from explorer.ui.memory import finding

APP = str(Path(__file__).parents[5] / "explorer" / "app.py")


@pytest.mark.parametrize(("word", "span"), [("3-7", "3-7"), ("7-2", "2-7"), ("0-0", "0-0"), ("000-4", "0-4")])
def test_a_span_is_two_places_in_order(word, span):
    assert finding.span_of(word) == span


@pytest.mark.parametrize("word", ["", "3", "a-b", "-3-4", "1-2-3", "1.5-2", "٣-٤", "9999999-1", "<b>-1"])
def test_what_is_no_span_is_refused(word):
    with pytest.raises(ValueError, match="use two places from 0, such as 2-5"):
        finding.span_of(word)


@pytest.mark.parametrize(("word", "shown"), [("2-3", "2-3"), ("4-900", "4-900"), ("nonsense", "0-3")])
def test_the_address_says_which_span_and_what_it_says_wrongly_is_named(served, word, shown):
    path = catalogue.new_path("span")
    recorded(path, 2, TINY.replace({"model.kind": "gru", "model.width": 8})).close()
    app = AppTest.from_file(APP, default_timeout=60)
    for name, value in {"run": path.stem, "remembers": "Find a cell", "span": word}.items():
        app.query_params[name] = value
    app.switch_page("../pages/memory.py")
    app.run()
    until(
        lambda: any("these tokens" in line or "this span" in line for line in looked_for(app.run())), "what they share"
    )
    assert not app.exception, app.exception
    assert app.session_state[visit.name_of(finding.Brushed)][()].span == shown
    refusals = [box.value for box in [*app.warning, *app.error, *app.info]]
    assert any("span" in said and "use two places from 0" in said for said in refusals) == (word == "nonsense")
