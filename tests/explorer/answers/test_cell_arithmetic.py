"""The numbers around one recurrent cell: sums by a plain loop, and every source of a formula where the picture says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_runs import TINY, recorded

from explorer import RunConfig
from explorer.answers import recurrence
from explorer.ui.components import cell_arithmetic
from explorer.ui.memory import inside

KINDS = {
    **{
        kind: TINY.replace({"model.kind": kind, "model.width": 8, "model.layers": 2}) for kind in ("rnn", "lstm", "gru")
    },
    **{
        kind: RunConfig.preset("dates-gru").replace({"model.kind": kind, "model.width": 8, "train.batch": 4})
        for kind in ("gru-encoder-decoder", "gru-attention")
    },
}


@pytest.fixture(scope="module")
def paths(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("cells")
    return {kind: recorded(folder / f"{kind}.run", 3, config, every=3).path for kind, config in KINDS.items()}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [0, 4])
def test_sums_are_rows_of_the_weights_times_what_is_read_and_heard(paths, kind, at):
    for layer in range(KINDS[kind].model.layers):
        for cell in (0, 7):
            one = recurrence.one_cell(str(paths[kind]), 3, layer=layer, cell=cell, at=at)
            assert (one.source is None) == ("-" not in kind)
            assert (one.kept is None) == (kind != "lstm")
            for r in range(len(one.x)):
                x, u = float(one.b[r]), float(one.u_b[r])
                for c in range(8):
                    x += float(one.w[r, c]) * float(one.read[c])
                    u += float(one.u_w[r, c]) * float(one.last[c])
                if one.source is not None:
                    x += float(one.source[r])
                assert one.x[r] == pytest.approx(x, abs=2e-6)
                assert one.u[r] == pytest.approx(u, abs=2e-6)
            if not at and "-" not in kind:
                assert one.before is None
                assert not one.last.any()
                assert one.kept is None or not one.kept.any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [0, 4])
def test_each_source_that_is_lit_holds_the_number_of_the_formula(paths, kind, at):
    one = recurrence.one_cell(str(paths[kind]), 3, layer=KINDS[kind].model.layers - 1, cell=5, at=at)
    header, arrays = cell_arithmetic.describe(one), cell_arithmetic.arrays(one)
    assert header["arrays"] == [[name, array.size] for name, array in arrays.items()]
    assert [line["tap"] for line in header["lines"]] == [line.tap for line in one.lines]
    for line, described in zip(one.lines, header["lines"], strict=True):
        assert set(described["terms"]) == set(line.terms)
        for term, (name, row, column) in described["terms"].items():
            array = np.atleast_2d(arrays[name]) if name == "last" else arrays[name][:, None]
            assert array[row, column] == pytest.approx(line.terms[term], abs=2e-6), (line.tap, term)


def test_what_is_worked_out_again_is_said_to_agree_only_where_it_does(paths):
    one = recurrence.one_cell(str(paths["lstm"]), 3, layer=1, cell=2, at=3)
    assert "each of the 6 numbers of 3 is the model’s own within" in inside.agreement(one)
    one.own[0] += 0.2
    assert inside.agreement(one).startswith("worked out again in float64, these numbers are up to 0.2 from")
