"""The arithmetic of a recurrent cell in a real browser: each number is worked out again from those that it lights."""

from __future__ import annotations

import browser as found
import pytest
from components.blank_page import LIGHT, BlankPage
from components.memory_examples import of_cell_arithmetic
from components.mounting import messages
from playwright.sync_api import expect, sync_playwright

from explorer.ui.components import cell_arithmetic

pytestmark = pytest.mark.journey
LSTM = ["o · tanh(c)", "f · c′ + i · g", "σ(x + u)", "tanh(x + u)", "σ(x + u)", "σ(x + u)"]  # from the right
GRU = ["(1 − z) · n + z · h′", "tanh(x + r · u)", "σ(x + u)", "σ(x + u)"]


def test_every_number_says_its_formula_and_the_browser_comes_to_the_same() -> None:
    drawn = messages(cell_arithmetic, of_cell_arithmetic)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.find(), args=found.ARGUMENTS)
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        blank = BlankPage(page)
        blank.start()
        blank.theme(LIGHT)
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
        browser.close()


def reading_symbol(reading) -> str:
    """The symbol before the formula that is read."""
    return reading.locator(".words").first.inner_text().split(" = ")[0]
