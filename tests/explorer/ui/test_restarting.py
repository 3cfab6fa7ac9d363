"""The form of a new run: made of the fields, for any task."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from visits import visit_of

from explorer import tasks
from explorer.config.presets import PRESETS
from explorer.config.run import RunConfig
from explorer.runs import catalogue
from explorer.ui import restarting, server

CONFIG = RunConfig.preset("reverse").replace({"train.seed": 7, "model.width": 32})


def page() -> None:
    """The form of a small run."""
    from explorer.ui import refusals, restarting, server
    from tests.explorer.ui.test_restarting import CONFIG

    server.host()
    refusals.begin("train")
    restarting.form(CONFIG)


@pytest.fixture
def app() -> AppTest:
    found = AppTest.from_function(page, default_timeout=240).run()
    assert not found.exception, found.exception
    return found


def keys(app: AppTest) -> set[str]:
    return {widget.key for widget in (*app.selectbox, *app.number_input)}


def test_it_shows_what_holds_and_not_what_the_sidebar_changes(app: AppTest):
    assert app.number_input(key="restart:model.width").value == 32
    assert app.number_input(key="restart:train.seed").value == 7
    assert app.selectbox(key="restart:model.residual").options == ["added to the stream", "none: outputs replace it"]
    assert not {"restart:optimizer.lr", "restart:train.clip", "restart:model.dropout"} & keys(app)


def test_another_task_brings_its_own_settings_and_keeps_the_seed(app: AppTest):
    app.selectbox(key="restart:task.name").set_value("addition").run()
    assert not app.exception
    assert app.number_input(key="restart:addition:task.modulus").value == PRESETS["addition"].config.task.modulus
    assert app.number_input(key="restart:addition:train.seed").value == 7
    assert not {"restart:task.length", "restart:addition:task.length"} & keys(app)
    app.selectbox(key="restart:task.name").set_value("words").run()
    assert {"restart:words:task.window", "restart:words:model.kind"} <= keys(app)
    assert not {"restart:words:model.heads", "restart:words:train.precision"} & keys(app)


@pytest.mark.parametrize("name", restarting.learnable(CONFIG))
def test_every_task_begins_with_settings_under_which_it_can_be_trained(name: str):
    config = restarting.on_task(CONFIG, name)
    assert (config.task.name, config.train.seed) == (name, 7)
    if config.replace({"train.seed": 0}) not in [preset.config for preset in PRESETS.values()]:
        assert tasks.build(config.task, config.model)  # what a preset has is built elsewhere


def test_its_button_starts_a_run_on_the_task_that_was_chosen(served, app: AppTest):
    app.selectbox(key="restart:task.name").set_value("sort").run()
    app.number_input(key="restart:sort:model.width").set_value(24)
    app.number_input(key="restart:sort:model.heads").set_value(2)
    app.number_input(key="restart:sort:train.steps").set_value(1)
    app.button[0].click().run()
    run = server.opened(str(catalogue.path_of(visit_of(app).run or "")))
    assert (run.config.task.name, run.config.model.width, run.config.train.seed) == ("sort", 24, 7)


def test_what_cannot_be_is_refused_in_the_form(served, app: AppTest):
    app.number_input(key="restart:model.heads").set_value(3)
    app.button[0].click().run()
    assert "cannot be split among model.heads" in app.error[0].value.replace("&#46;", ".")
