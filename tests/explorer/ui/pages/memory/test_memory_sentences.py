"""What the Memory page says of a proof, and how it writes tokens where a cell is on."""

from dataclasses import replace

import numpy as np

from explorer.answers.records.recurrence import TimeProof
from explorer.ui.memory import finding, proof


def test_a_proof_that_fails_says_so():
    exact = np.array([0.1, 1e-3])
    h, grain = np.full(2, 1e-4), np.full(2, 1e-11)
    row = TimeProof(3, 1, h, exact, exact, exact, exact / 2, exact / 2, grain, 1e-15, "float32")
    assert ":green[" in proof.verdict(row)
    assert ":red[" in proof.verdict(replace(row, along=exact * 1.001))
    assert ":red[" in proof.verdict(replace(row, aside=exact))
    assert ":red[" in proof.verdict(replace(row, shown=exact * 1.1))
    assert ":red[" in proof.verdict(replace(row, summed=0.01))
    assert "2 of the 2 are under" in proof.verdict(replace(row, grain=np.full(2, 0.01)))
    grows = replace(row, shown=exact * 1.1, h=np.array([1e-6, 1e-4]))
    assert ":orange[" in proof.verdict(grows)
    assert "what is rounded on the way grows with it." in proof.verdict(grows)
    assert ":red[" in proof.verdict(replace(grows, along=exact * 1.001))
    assert "not finite any more" in proof.verdict(replace(row, exact=np.array([np.inf, 1])))


def test_tokens_of_a_visitor_are_text_where_a_cell_is_on():
    html = finding.rows_html([["<b>", " "]], np.array([[True, False]]), np.array([[True, True]]))
    assert '<span class="on holds">&lt;b&gt;</span><span class="holds">␣</span>' in html.replace("␠", "␣")
