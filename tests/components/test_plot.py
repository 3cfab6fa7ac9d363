"""Where words stand on a plot, in a real browser."""

from __future__ import annotations

import pytest

from explorer.ui.components.source import FILES

pytestmark = pytest.mark.journey
PLACE = """
  const box = { left: 50, right: 450, top: 10, bottom: 160 };
  const place = { box, zoom: 1, x: { at: (step) => 50 + 4 * step }, y: { at: (value) => 160 - 150 * value } };
  const curve = (step, value) => ({ step, value, n: step.length });
"""


def test_the_words_of_a_level_stand_where_no_curve_is_drawn_between_two_points_either(browser):
    with browser.new_page() as page:
        page.add_script_tag(content=FILES["plot.js"].read_text("utf-8"))

        def free(*curves: str) -> list[str | int]:
            of = ", ".join(f"curve({one})" for one in curves)
            return page.evaluate(f"() => {{ {PLACE} return freePlace(place, [{of}], place.y.at(0.5), 'links: 0.5') }}")

        assert free() == ["right", "bottom", 0]
        assert free("[0, 100], [0.55, 0.55]") == [
            "right",
            "top",
            0,
        ]  # it runs through the words above, its points beside
        assert free("[80, 100], [0.8, 0.2]") == ["left", "bottom", 0]  # from above to below on the right
        assert free("[0, 15, 85, 100], [0.2, 0.9, 0.9, 0.2]") == ["center", "bottom", 0]  # on both sides
        assert free("[0, 100], [0.55, 0.55]", "[0, 100], [0.42, 0.42]") == ["right", "bottom", 18]  # further off
