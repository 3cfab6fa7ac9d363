"""Runs begun, brought along, opened and deleted by pages, run by Streamlit without a browser, over a real host."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import streamlit as st
from messages import read
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded
from visits import go, player, press, refusals, sound, stored, visit, visit_of
from waiting import until

from explorer import Run, RunConfig
from explorer.runs import catalogue, deleted, quota
from explorer.ui import chosen, server, store
from explorer.ui.foreign import WORD_JOINER

pytestmark = pytest.mark.usefixtures("served")


def test_a_card_starts_a_run_and_shows_it():
    app = press(visit(), "train-reverse")
    name = visit_of(app).run
    run = Run.open(catalogue.path_of(name))
    until(lambda: run.last > 0, "it trains")
    assert app.title[0].value == "Train"
    server.host().order(run.path, "pause")
    assert run.config == RunConfig.preset("reverse")


def test_another_preset_in_the_sidebar_starts_another_run_and_keeps_the_old_one():
    app = visit("train", preset="reverse", paused="1")
    first = visit_of(app).run
    sound(app.selectbox(key=f"{first}:preset").select("sort").run())
    second = visit_of(app).run
    server.host().order(catalogue.path_of(second), "pause")
    assert second != first
    assert catalogue.path_of(first).is_file()


def test_a_rate_that_another_visit_changed_is_shown_and_a_late_message_does_not_change_it_back():
    name = stored("knob", 30, "paused", "by hand")
    run = Run.open(catalogue.path_of(name))
    app = visit("train", run=name)
    late = app.select_slider(key=f"{name}:optimizer.lr").set_value(3e-4)._widget_state
    app.select_slider(key=f"{name}:optimizer.lr").set_value(run.config.optimizer.lr)
    server.host().order(run.path, "set", **{"optimizer.lr": 0.01}).result(timeout=120)
    assert sound(app.run()).select_slider(key=f"{name}:optimizer.lr:1").value == 0.01
    states = app._tree.get_widget_states()
    states.widgets.append(late)
    assert sound(app._run(states)).select_slider(key=f"{name}:optimizer.lr:1").value == 0.01
    assert run.config_at(run.last).optimizer.lr == 0.01
    assert [e.kind for e in run.events if e.kind == "set"] == ["set"]


def test_a_slider_whose_value_a_browser_tells_once_more_is_no_event_of_the_run(monkeypatch: pytest.MonkeyPatch):
    def slider(label, options, value, key, format_func, on_change):
        st.session_state[key] = value
        st.button(label, key=label, on_click=on_change)

    monkeypatch.setattr(st, "select_slider", slider)
    name = stored("once-more", 30, "paused", "by hand")
    run = Run.open(catalogue.path_of(name))
    app = press(visit("train", run=name), "Learning rate")
    for rate in (0.01, run.config.optimizer.lr):  # turned, and turned back at once
        app.session_state[f"{name}:optimizer.lr"] = rate
        press(app, "Learning rate")
    until(lambda: len([e for e in run.events if e.kind == "set"]) == 2, "both turns are orders")
    rates = [e.detail["optimizer.lr"] for e in run.events if e.kind == "set"]
    assert rates == [0.01, run.config.optimizer.lr]


OWN = "To be, or not to be, that is the question. " * 400


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty; paste or upload a text"),
        ("a", "use a text of several words"),
        ("too short", "tokens"),
        ("Whether 'tis nobler in the mind " * 5, "text of at least"),
        ("x" * 5_000_001, "task.text"),
    ],
    ids=["empty", "one letter", "short", "short for the context", "too long"],
)
def test_a_text_that_cannot_be_learned_is_refused_and_the_present_run_goes_on(text: str, words: str):
    app = visit("start", preset="reverse", paused="1")
    name = visit_of(app).run
    before = set(catalogue.newest())
    app.text_area(key="own-text").set_value(text)
    press(app, "train-own")
    (sentence,) = refusals(app)
    assert words in sentence
    assert len(sentence) < 300
    assert visit_of(app).run == name
    assert set(catalogue.newest()) == before


def test_a_text_of_ones_own_is_learned():
    app = visit()
    app.text_area(key="own-text").set_value(OWN)
    press(app, "train-own")
    run = Run.open(catalogue.path_of(visit_of(app).run))
    until(lambda: run.last > 0, "it trains")
    server.host().order(run.path, "pause")
    assert run.config.task.text == OWN


def own_file() -> None:
    """A script that starts on bytes, as the card's upload does; AppTest has no upload."""
    import streamlit as st

    from explorer import RunConfig
    from explorer.ui import cards, chosen, refusals, visit

    chosen.begin(RunConfig.preset("reverse"), paused=True)
    before = visit.state().run
    with refusals.at("own-text"):
        cards.start_own(st.session_state.bytes, "characters")
    assert visit.state().run == before


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"\xff\xfe\x00 nonsense", "not UTF-8 at byte 0"), (b"", "is empty"), (b"a" * 50_000_000, "task.text")],
    ids=["not UTF-8", "empty", "50 MB"],
)
def test_a_file_that_cannot_be_learned_is_refused_and_the_present_run_goes_on(data: bytes, words: str):
    app = AppTest.from_function(own_file, default_timeout=240)
    app.session_state["bytes"] = data
    (sentence,) = refusals(sound(app.run()))
    assert words in sentence
    assert len(sentence) < 300


@pytest.fixture(scope="module")
def foreign(tmp_path_factory) -> dict[str, bytes]:
    """Files that are no runs, by what is wrong with them."""
    folder = tmp_path_factory.mktemp("foreign")
    recorded(folder / "sound.run", 10).close()
    sound_ = (folder / "sound.run").read_bytes()
    (folder / "newer.run").write_bytes(sound_)
    with closing(sqlite3.connect(folder / "newer.run")) as newer:
        newer.execute("PRAGMA user_version = 99")
    with closing(sqlite3.connect(folder / "cats.run")) as cats, cats:
        cats.execute("CREATE TABLE cats (name TEXT)")
    return {
        "sound": sound_,
        "newer": (folder / "newer.run").read_bytes(),
        "foreign": (folder / "cats.run").read_bytes(),
        "damaged": b"SQLite format 3\0" + bytes(range(256)) * 40,
        "empty": b"",
        "text": b"these are not the weights",
    }


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("newer", "newer version"),
        ("foreign", "another program's database"),
        ("damaged", "damaged"),
        ("empty", "is not a run file"),
        ("text", "is not a run file"),
    ],
)
def test_an_uploaded_file_that_is_no_run_is_refused_in_words_and_not_kept(foreign, kind: str, words: str):
    before = set(catalogue.folder().iterdir())
    with pytest.raises(ValueError, match=words) as refusal:
        store.take_in("My Run (1).run", foreign[kind])
    assert "My Run (1).run" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert set(catalogue.folder().iterdir()) == before


def test_an_uploaded_run_opens_and_a_saved_one_is_a_whole_file(foreign, tmp_path: Path):
    name = store.take_in("My Run (1).run", foreign["sound"])
    assert player(sound(visit("train", run=name)))["last"] == 10
    copy = tmp_path / "copy.run"
    copy.write_bytes(store.whole(catalogue.path_of(name)))
    assert Run.open(copy).steps["loss"].tolist() == Run.open(catalogue.path_of(name)).steps["loss"].tolist()


def test_the_runs_page_lists_runs_opens_one_and_says_which_file_is_broken():
    name = stored("listed", 10, "paused", "by hand")
    broken = catalogue.new_path("broken")
    broken.write_bytes(b"not a run")
    app = sound(visit("runs"))
    assert any(broken.name in read(warning.value) for warning in app.warning)
    press(app, f"open-{name}")
    assert visit_of(app).run == name
    assert app.title[0].value == "Train"
    broken.unlink()


def test_runs_can_be_deleted_where_nobody_looks_at_them():
    name, looked_at = stored("unwanted", 5, "paused", "by hand"), stored("wanted", 5, "paused", "by hand")
    app = sound(visit("runs"))
    server.watchers().keep("another visit", str(catalogue.path_of(looked_at)))
    (names,) = [m for m in app.multiselect if m.key == "runs-to-delete"]
    names.set_value([name, looked_at]).run()
    sound(press(app, "delete-chosen"))
    assert not catalogue.path_of(name).exists()
    assert catalogue.path_of(looked_at).exists()
    (sentence,) = refusals(app)
    assert "stays: somebody looks at it" in sentence


def test_a_run_that_this_visit_looked_at_can_be_deleted_and_brought_back():
    name = stored("undone", 5, "paused", "by hand")
    app = go(visit("train", run=name), "runs")
    press(app, f"delete-{name}")
    assert not catalogue.path_of(name).exists()
    assert visit_of(app).run is None
    press(app, "undo-delete")
    assert not refusals(app)
    assert Run.open(catalogue.path_of(name)).last == 5
    press(app, f"open-{name}")
    assert visit_of(app).run == name


def test_the_address_of_a_deleted_run_says_so_and_brings_it_back_or_trains_the_same_again():
    name = stored("former", 5, "paused", "by hand")
    press(visit("runs"), f"delete-{name}")
    app = sound(visit("train", run=name))
    assert any(f"The run {name} was deleted." in read(m.value) for m in app.markdown)
    assert not refusals(app)
    press(app, "linked-back")
    assert visit_of(app).run == name
    press(go(app, "runs"), f"delete-{name}")
    (deleted.folder() / f"{name}.run").unlink()  # the moment is over
    app = sound(visit("train", run=name))
    assert "linked-back" not in [b.key for b in app.button]
    press(app, "linked-train")
    again = visit_of(app).run
    server.host().order(catalogue.path_of(again), "pause")
    assert again != name
    assert Run.open(catalogue.path_of(again)).config == TINY


def test_a_run_is_renamed_and_called_so_by_the_player():
    name = stored("renamed", 5, "paused", "by hand")
    app = press(visit("runs"), f"rename-{name}")
    app.text_input(key="rename-title").set_value("*mine*")
    (button,) = [b for b in app.button if b.label == "Rename"]
    sound(button.click().run())
    assert player(sound(visit("train", run=name)))["name"] == f"{WORD_JOINER}*mine*"


def test_a_visit_without_room_is_refused_in_a_sentence_and_makes_no_file(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(quota, "ALL", quota.Use(1, 10**9))
    for name in ("one", "two"):
        stored(name, 2, "paused", "by hand")
    before = catalogue.newest()
    app = sound(press(visit(), "train-reverse"))
    (sentence,) = refusals(app)
    assert "there is no room for 1 more" in sentence
    assert catalogue.newest() == before


def test_a_run_that_is_removed_while_it_is_looked_at_is_told_and_the_cards_are_there():
    name = stored("gone", 5, "paused", "by hand")
    app = visit("train", run=name)
    catalogue.path_of(name).unlink()
    server.opened.clear()
    sound(app.run())
    (sentence,) = refusals(app)
    assert "there is no run file" in sentence
    assert "train-reverse" in {button.key for button in app.button}


@pytest.mark.parametrize(("value", "words"), [(None, "none"), (0.001, "0.001"), (3, "3"), ("adamw", "adamw")])
def test_a_setting_is_written_short(value, words):
    assert chosen.shown(value) == words
