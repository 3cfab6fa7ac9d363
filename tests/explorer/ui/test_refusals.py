"""A refusal stays until the hand does something else, however often the page is drawn meanwhile."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[3]


def page():
    import streamlit as st

    from explorer.ui import refusals

    refusals.begin("a page")
    refusals.show()
    st.button("in a callback", on_click=lambda: refusals.keep("the callback refuses"))
    with refusals.at("here"):
        if st.button("in the body"):
            raise ValueError("the body refuses")
    if st.button("late"):
        refusals.keep("a worker refuses")
        refusals.draw_again()
    st.toggle("something else")
    st.text_input("words")


def said(at: AppTest) -> list[str]:
    return [error.value for error in at.error]


@pytest.fixture
def at() -> AppTest:
    return AppTest.from_function(page).run(timeout=240)


@pytest.mark.parametrize(
    ("button", "sentence"), [(0, "the callback refuses"), (1, "the body refuses"), (2, "a worker refuses")]
)
def test_it_stays_while_the_page_is_drawn_again_and_goes_with_the_next_action(at, button, sentence):
    at.button[button].click().run()
    assert said(at) == [sentence]
    for _ in range(3):  # a timer
        assert said(at.run()) == [sentence]
    at.toggle[0].set_value(True).run()
    assert said(at) == []
    assert said(at.run()) == []


@pytest.mark.parametrize("button", [0, 1, 2])
def test_what_is_refused_again_is_said_again(at, button):
    first = said(at.button[button].click().run())
    assert first == said(at.button[button].click().run())
    assert first == said(at.run())


def test_another_refusal_takes_the_place_of_the_first(at):
    at.button[0].click().run()
    at.button[1].click().run()
    assert said(at) == ["the body refuses"]
    at.text_input[0].set_value("typed").run()
    assert said(at) == []


SPOKEN = ("error", "warning", "info", "toast", "markdown", "caption", "success", "write")


def spoken(tree: ast.AST) -> list[ast.Call]:
    """Calls that have Streamlit say something."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    return [call for call in calls if call.func.attr in SPOKEN and ast.unparse(call.func.value) == "st"]


def test_what_an_error_quotes_is_text_and_a_refusal_has_its_place():
    for path in [*(ROOT / "explorer/ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        text = path.read_text("utf-8")
        for call in spoken(ast.parse(text)) if "str(error)" in text or "st.error" in text else []:
            words, where = ast.unparse(call.args[0]), f"{path.name}, line {call.lineno}"
            assert "str(error)" not in words or "foreign.sentence(str(error))" in words, f"{where}: {words}"
            assert call.func.attr != "error" or path.stem == "refusals", f"{where}: say it by refusals"
