"""Tables of words and numbers."""

from __future__ import annotations

from math import inf

from explorer.ui.parts.tables import table


def test_every_cell_is_escaped_and_what_is_not_finite_is_red():
    html = table(["", "<b>"], [["<i>", "a & b"], ["sum", 0.5], ["lost", inf]], chosen=1, style="scores words")
    assert html.startswith('<div class="wide"><table class="scores words"><thead><tr><th></th><th>&lt;b&gt;</th>')
    assert "<tr><th>&lt;i&gt;</th><td>a &amp; b</td></tr>" in html
    assert '<tr class="chosen"><th>sum</th><td title="0.5">0.5</td></tr>' in html
    assert html.count("--st-red-color") == 1
