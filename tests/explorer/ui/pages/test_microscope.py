"""What the microscope gets of a run."""

from types import SimpleNamespace

import numpy as np
import pytest
from messages import read_microscope
from tiny_runs import recorded
from visits import finished

from explorer import Run, RunConfig
from explorer.measure.names import number
from explorer.runs import catalogue
from explorer.ui.components.microscope import Quantity, Row, message
from explorer.ui.gradients import microscope

ROWS = [Row("a", "a", "layer 1", "#000000"), Row("b", "b", "layer 2", "#000000")]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return recorded(tmp_path_factory.mktemp("runs") / "tiny.run", 30)


def test_every_number_arrives_with_the_steps_it_stands_for():
    values = np.array([[1e-8, np.nan, 0], [np.inf, 2, 3]], dtype=np.float32)
    data = message(
        ROWS,
        np.array([0, 8, 16]),
        np.array([3, 9, 16]),
        [Quantity("gradient", "‖g‖", values)],
        label="Gradients",
        newest=17,
        cursor=9,
        height=300,
    )
    header, steps, read = read_microscope(data)
    np.testing.assert_array_equal(read["gradient"], values)
    assert steps.tolist() == [3, 9, 16]
    assert (header["newest"], header["cursor"]) == (17, 9)


def test_numbers_that_do_not_fit_the_rows_are_refused_by_name():
    look = {"label": "", "newest": 1, "cursor": None, "height": 1}
    with pytest.raises(ValueError, match=r"gradient: values \(3, 1\) are not 2 rows"):
        message(ROWS, np.zeros(1), np.zeros(1), [Quantity("gradient", "", np.zeros((3, 1)))], **look)


def test_a_blocks_gradient_is_that_of_its_tensors_together(run):
    view = SimpleNamespace(run=run)
    tensors, _, steps, (norms, _) = microscope.recorded(view, run.tensors, microscope.TENSORS)
    blocks, _, _, (together,) = microscope.recorded(view, run.tensors, microscope.BLOCKS)
    inside = [i for i, row in enumerate(tensors) if row.id.startswith("blocks.1.mlp.")]
    block = [row.id for row in blocks].index("layer 2 · MLP")
    np.testing.assert_allclose(together.values[block], np.linalg.norm(norms.values[inside], axis=0), rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(together.values, axis=0), run.steps["grad_norm"][steps], rtol=1e-5)


def test_what_to_look_for_names_the_step_and_the_sizes_there(run):
    view = SimpleNamespace(run=run, cursor=12)
    rows, starts, steps, (norms, _) = microscope.recorded(view, run.tensors, microscope.TENSORS)
    said = microscope.sentence(view, rows, starts, steps, norms.values)
    of = {layer: [i for i, row in enumerate(rows) if row.layer == layer] for layer in ("layer 1", "layer 2")}
    first, last = (np.linalg.norm(norms.values[own, 12]) for own in of.values())
    assert "at step 12 the gradient" in said
    assert f"from layer 2 ({number(last, 2)}) to layer 1 ({number(first, 2)})" in said


def test_a_column_of_several_steps_says_so_and_is_that_in_which_the_step_looked_at_lies():
    starts, steps, norms = np.array([0, 8, 16]), np.array([1, 9, 16]), np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])

    def said(cursor: int | None, last: int = 17, peaks: bool = True) -> str:
        return microscope.sentence(SimpleNamespace(cursor=cursor, last=last), ROWS, starts, steps, norms, peaks)

    assert "such as 1 of 0 to 7: at step 1 the gradient" in said(7), "step 9 is nearer, and of another column"
    assert "such as 9 of 8 to 15: at step 9 the gradient" in said(9)
    assert said(16).startswith("at step 16 the gradient"), "a column of one step"
    assert "such as 16 of 16 to 19: at step 16" in said(None, last=20)
    assert said(7, peaks=False).startswith("at step 1 the gradient"), "snapshots stand for no step but their own"


@pytest.mark.parametrize("preset", ["delay-lstm", "dates-gru", "reverse"])
def test_heads_of_a_model_that_has_none_are_refused_in_a_sentence(preset: str, served):
    run = recorded(catalogue.new_path(f"heads-{preset}"), 3, RunConfig.preset(preset))
    app = finished("gradients", run=run.id, **{"microscope-rows": "heads"})
    drawn = any(c.proto.component_name == "explorer_microscope" for c in app.get("bidi_component"))
    assert drawn == (preset == "reverse")
    assert not app.exception


def test_the_place_of_heads_stands_while_their_gradients_are_taken(run: Run, monkeypatch):
    stood: list[tuple[str, int]] = []
    waiting = SimpleNamespace(waiting="taking them", picture=lambda *_, **__: None)
    monkeypatch.setattr(microscope.picture, "making", lambda words, height: stood.append((words, height)))
    assert microscope.of_heads(SimpleNamespace(newest=lambda: waiting), 400) is None
    assert stood == [("taking them", 400)]
