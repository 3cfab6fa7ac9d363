"""The arithmetic of a recurrent cell in a real browser: each number is worked out again from those that it lights."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from components.memory_examples import of_cell_arithmetic
from components.mounting import messages
from explorer.ui.components import cell_arithmetic

pytestmark = pytest.mark.journey
LSTM = ["o · tanh(c)", "f · c′ + i · g", "σ(x + u)", "tanh(x + u)", "σ(x + u)", "σ(x + u)"]  # from the right
GRU = ["(1 − z) · n + z · h′", "tanh(x + r · u)", "σ(x + u)", "σ(x + u)"]


def test_every_number_says_its_formula_and_the_browser_comes_to_the_same(blank_page) -> None:
    drawn = messages(cell_arithmetic, of_cell_arithmetic)
    blank = blank_page(1000, 900)
    page = blank.page
    for message, formulas in ((drawn[1], LSTM), (drawn[2], GRU)):
        blank.open(cell_arithmetic.SOURCE)
        blank.tell(message)
        root, reading = page.locator(".arithmetic"), page.locator(".reading")
        root.focus()
        page.keyboard.press("ArrowRight")  # to what all of it makes: the hidden state
        for formula in formulas:
            expect(reading.locator(".words")).to_have_text([f"{reading_symbol(reading)} = {formula}"])
            expect(reading.locator(".operands")).to_contain_text("= ")
            page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowUp")  # to the sums
        for _ in range(9):
            expect(reading).not_to_contain_text("the same operands in float64")
            page.keyboard.press("ArrowUp")


def reading_symbol(reading) -> str:
    """The symbol before the formula that is read."""
    return reading.locator(".words").first.inner_text().split(" = ")[0]
