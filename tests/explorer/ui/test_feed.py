"""The feed: what the browser asks for by itself is what the page tells, byte for byte."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from messages import panels, read_point_map
from starlette.requests import Request
from streamlit.testing.v1 import AppTest
from tiny_runs import recorded
from waiting import until

from explorer import Run
from explorer.answers import attention
from explorer.answers.records.samples import Predictions
from explorer.runs import catalogue
from explorer.ui import feed, frame, server
from explorer.ui.view import View
from explorer.ui.watchers import Watchers

APP = str(Path(__file__).parents[3] / "explorer" / "app.py")
STEPS = 30


@pytest.fixture(scope="module", autouse=True)
def feeding(served) -> Iterator[None]:
    """Pages are fed, and the feed waits a moment only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed, "opened", True)
        patch.setattr(feed, "WAIT", 0.1)
        yield


@pytest.fixture(scope="module")
def run(served) -> Run:
    path = catalogue.new_path("fed")
    recorded(path, STEPS, every=5).close()
    return Run.open(path)


def visit(page: str, run: Run, **query: str) -> tuple[AppTest, str]:
    """A visit that looks at a page of a run; and its id."""
    server.feeds().clear()  # Streamlit's own tests know one session
    app = AppTest.from_file(APP, default_timeout=240)
    for name, value in ({"run": run.id} | query).items():
        app.query_params[name] = value
    app.run()
    app.switch_page(f"../pages/{page}.py").run()
    assert not app.exception, app.exception
    (own,) = server.feeds()
    return app, own


def ask(own: str, **query: str) -> tuple[int, dict[str, Any], dict[str, bytes]]:
    """What the feed answers: the status, its header, and the messages by their names."""
    words = "&".join(f"{name}={value}" for name, value in query.items())
    scope = {"type": "http", "query_string": words.encode(), "path_params": {"visit": own}, "headers": []}
    answer = asyncio.run(feed.answer(Request(scope)))
    if answer.status_code != 200:
        return answer.status_code, {}, {}
    data = bytes(answer.body)
    at = 4 + int.from_bytes(data[:4], "little")
    header, parts = json.loads(data[4:at]), {}
    for name, length in header["lengths"].items():
        parts[name], at = data[at : at + length], at + length
    assert at == len(data)
    return 200, header, parts


def component(app: AppTest, name: str) -> Any:
    (found,) = [c.proto for c in app.get("bidi_component") if c.proto.component_name == f"explorer_{name}"]
    return found


@pytest.mark.parametrize("step", [None, 0, 15, 17])
def test_heads_and_bar_are_those_of_the_page(run: Run, step: int | None):
    at = {} if step is None else {"step": str(step)}
    app, own = visit("attention", run, **at)
    until(lambda: app.run() and "heads" in server.feeds()[own].draws, "the page has heads")
    status, header, parts = ask(own, run=run.id, **at)
    assert (status, header["step"], header["live"]) == (200, STEPS if step is None else step, step is None)
    assert list(parts) == ["player", "heads"]
    assert json.loads(parts["player"])["feed"]["url"] == f"feed/{own}?run={run.id}"

    def same() -> bool:  # a step that has to be trained again comes to the page a little later
        app.run()
        bar, heads = json.loads(component(app, "player_bar").json), component(app, "matrix_grid").bytes
        return json.loads(parts["player"]) | {"beat": bar["beat"]} == bar and parts["heads"] == heads

    until(same, "the page has the heads of this step")


def test_what_a_picture_has_no_room_for_is_asked_for_exactly(run: Run):
    _, own = visit("attention", run)

    def answered(**query: str) -> Any:
        words = "&".join(f"{name}={value}" for name, value in query.items())
        scope = {"type": "http", "query_string": words.encode(), "path_params": {"visit": own}, "headers": []}
        return asyncio.run(feed.answer(Request(scope)))

    query_of = {"run": run.id, "ask": "heads", "step": "15", "attention": "blocks.1.attention"}
    for place, exact in (({"q": "4"}, {"query": 4}), ({"k": "2"}, {"key": 2})):
        until(lambda place=place: answered(**query_of, **place).status_code == 200, "it is there")
        data = bytes(answered(**query_of, **place).body)
        at = 4 + int.from_bytes(data[:4], "little")
        header, values = json.loads(data[4:at]), np.frombuffer(data, "<f4", offset=at)
        kinds = attention.lines_at(str(run.path), 15, "blocks.1.attention", **exact).kinds
        assert header == {"kinds": list(kinds), "length": next(iter(kinds.values())).size}
        np.testing.assert_array_equal(values, np.concatenate([lines.ravel() for lines in kinds.values()]))
    for wrong in (
        {"ask": "tails"},
        {"run": "other"},
        {"step": "999"},
        {"q": "99"},
        {"attention": "blocks.9.attention"},
    ):
        assert answered(**(query_of | {"q": "4"} | wrong)).status_code == 404
    assert answered(**query_of).status_code == 404, "neither a query nor a key"


@pytest.mark.parametrize("step", [None, 0, 15])
def test_numbers_and_loss_are_those_of_the_page(run: Run, step: int | None):
    at = {} if step is None else {"step": str(step)}
    app, own = visit("train", run, **at)
    _, _, parts = ask(own, run=run.id, **at)
    assert list(parts)[:3] == ["player", "numbers", "train"]
    assert parts["numbers"] == component(app, "figures").bytes
    assert parts["train"] == panels(app)[0]


def test_calm_pictures_are_those_of_the_page_too_of_the_past_as_well(run: Run):
    app, own = visit("train", run)
    app.run()
    calm = [f"train:{place}" for place in range(1, 3)]
    ask(own, run=run.id)
    until(lambda: ask(own, run=run.id)[2]["samples"], "the feed has what the model says")
    _, _, parts = ask(own, run=run.id)
    assert list(parts) == ["player", "numbers", "train", *calm, "samples"]
    assert [parts[name] for name in calm] == panels(app)[1:]
    until(lambda: parts["samples"] == component(app.run(), "samples").bytes, "the page has what the model says")
    until(lambda: ask(own, run=run.id, step="10")[2]["samples"], "it has what the model said")
    _, _, parts = ask(own, run=run.id, step="10")
    app, _ = visit("train", run, step="10")
    app.run()
    assert [parts[name] for name in ("train", *calm)] == panels(app)
    until(lambda: parts["samples"] == component(app.run(), "samples").bytes, "the page says the same")


def test_what_a_step_of_the_past_has_not_at_once_is_not_waited_for(run: Run, monkeypatch):
    view = View(run, 12, STEPS, False, run.status, {}, False)  # type: ignore[arg-type]
    monkeypatch.setattr(Run, "speed", lambda self: 1.0)
    assert feed.soon(view, Predictions, count=3) is None, "two steps would have to be trained again"


def test_a_calm_picture_rests_while_a_run_trains():
    def view(state: str, live: bool = True) -> View:
        status = SimpleNamespace(state=state)
        return View(SimpleNamespace(), 0, 0, live, status, {}, False)  # type: ignore[arg-type]

    offer = feed.Offer(lambda view: b"picture", every=60)
    assert offer.at(view("training")) == b"picture"
    assert offer.at(view("training")) == b""
    assert offer.at(view("finished")) == b"picture"
    assert offer.at(view("finished", live=False)) == b""
    past = feed.Offer(lambda view: b"picture", every=60, past=lambda view: b"then")
    assert past.at(view("training", live=False)) == b"then"
    assert feed.Offer(lambda view: b"picture", every=60, past=lambda view: None).at(view("training", live=False)) == b""
    assert feed.Offer(lambda view: None, every=60).at(view("training")) == b""  # the others do not wait for it
    assert feed.Offer(lambda view: None, every=0).at(view("training")) is None


def test_a_visit_follows_another_step_without_being_drawn_anew(run: Run):
    _, own = visit("attention", run)
    _, header, parts = ask(own, run=run.id, step="10")
    assert (header["run"], header["step"], header["live"]) == (run.id, 10, False)
    moment = json.loads(parts["heads"][4 : 4 + int.from_bytes(parts["heads"][:4], "little")])["moment"]
    assert moment == {"run": run.id, "step": 10, "live": False}
    other, _ = visit("attention", run, step="10")
    until(lambda: parts["heads"] == component(other.run(), "matrix_grid").bytes, "the page says the same")


def test_nothing_new_is_not_told_again(run: Run):
    _, own = visit("train", run)
    _, header, _ = ask(own, run=run.id)
    assert ask(own, run=run.id, after=header["state"])[0] == 204
    assert ask(own, run=run.id, after="another")[0] == 200


def test_where_somebody_acted_an_event_is_news_and_a_step_alone_is_not(run: Run):
    _, own = visit("train", run)
    step, events, status = ask(own, run=run.id)[1]["state"].split(".")
    earlier = int(step) - 1
    assert ask(own, run=run.id, after=f"{earlier}.{events}.{status}")[0] == 200
    assert ask(own, run=run.id, after=f"{earlier}.{events}.{status}", acted="1")[0] == 204
    assert ask(own, run=run.id, after=f"{earlier}.{int(events) - 1}.{status}", acted="1")[0] == 200
    assert ask(own, run=run.id, after=f"{earlier}.{events}.waiting", acted="1")[0] == 200
    assert ask(own, run=run.id, acted="1")[0] == 200  # it shows nothing yet


def test_what_is_not_there_is_not_found(run: Run):
    _, own = visit("train", run)
    assert ask("nobody", run=run.id)[0] == 404
    assert ask(own, run="another-run")[0] == 204  # the page may just be going there
    assert ask(own)[0] == 204
    assert ask(own, run=run.id, step=str(STEPS + 1))[0] == 404
    assert ask(own, run=run.id, step="nonsense")[1]["live"]  # as without one


@pytest.mark.parametrize(("rows", "fed"), [("tensors", True), ("blocks", True), ("heads", False)])
def test_the_map_of_gradients_is_that_of_the_page_and_what_is_computed_comes_with_it_alone(
    run: Run, rows: str, fed: bool
):
    app, own = visit("gradients", run, **{"microscope-rows": rows})
    assert json.loads(component(app, "player_bar").json)["feed"]["pictures"] == fed
    parts = ask(own, run=run.id)[2]
    assert ("microscope" in parts) == fed
    if fed:
        assert parts["microscope"] == component(app, "microscope").bytes


@pytest.mark.parametrize("page", ["embeddings", "gradients"])
def test_of_a_calm_page_the_bar_alone_comes_by_the_feed(run: Run, page: str):
    app, own = visit(page, run, **{"map-closer": "Who moved", "inside": "Instruments"})
    assert not json.loads(component(app, "player_bar").json)["feed"]["pictures"]
    assert list(ask(own, run=run.id)[2]) == ["player"]


@pytest.mark.parametrize("past", [False, True])
def test_the_map_of_embeddings_is_that_of_the_page_but_for_what_is_chosen(run: Run, past: bool):
    step = run.snapshot_steps[-2] if past else None  # of one that has to be trained again the page brings the map
    at = {} if step is None else {"step": str(step)}
    app, own = visit("embeddings", run, **at | {"map-by": "PCA"})
    until(lambda: app.run() and "map" in server.feeds()[own].draws, "the page has a map")
    parts = until(lambda: (got := ask(own, run=run.id, **at)[2]).get("map") and got, "the feed has it too")

    def same() -> bool:
        app.run()
        (drawn, numbers), (fed, theirs) = map(read_point_map, (component(app, "point_map").bytes, parts["map"]))
        moment = {"run": run.id, "step": STEPS if step is None else step, "live": step is None}
        assert (drawn["moment"], fed["moment"]) == (moment if past else None, moment)
        return drawn | {"selected": None, "moment": moment} == fed and str(numbers) == str(theirs)

    until(same, "the page has the map of this step")
    server.feeds()[own].draws["map"].sent = 5.0
    app.run()
    assert server.feeds()[own].draws["map"].sent == 5.0, "a drawing of the page makes it come no sooner"
    bar = component(visit("embeddings", run, **{"map-trails": "true"})[0], "player_bar").json
    assert not json.loads(bar)["feed"], "trails come with the page"


def test_a_page_with_nothing_for_the_feed_says_so_and_is_drawn_more_often(run: Run, monkeypatch):
    app, own = visit("optimizers", run)
    assert json.loads(component(app, "player_bar").json)["feed"] is None
    assert ask(own, run=run.id)[2] == {}
    monkeypatch.setattr(frame, "is_busy", lambda run: True)
    monkeypatch.setattr(server, "watchers", lambda: Watchers(server.host))
    monkeypatch.setattr(server, "session", lambda: server.Session(own))
    assert frame.pace(run, False) < 0.25 < frame.pace(run, True)


def test_without_a_feed_pages_draw_themselves(run: Run, monkeypatch):
    monkeypatch.setattr(feed, "opened", False)
    app = AppTest.from_file(APP, default_timeout=240)
    app.query_params["run"] = run.id
    app.run()
    app.switch_page("../pages/attention.py").run()
    assert json.loads(component(app, "player_bar").json)["feed"] is None
    assert component(app, "matrix_grid").bytes


def test_a_visit_that_left_has_no_feed_any_more():
    server.feeds()["gone"] = "offers"
    server._released(server.Session("gone"))
    assert "gone" not in server.feeds()


def test_a_browser_may_ask_before_the_page_is_drawn(run: Run):
    _, own = visit("train", run)
    offers = server.feeds()[own]
    server.feeds()[own] = None
    assert ask(own, run=run.id)[0] == 204
    server.feeds()[own] = offers
    assert ask(own, run=run.id)[0] == 200


def test_a_step_that_was_kept_while_it_is_looked_up_is_not_beyond_the_last(run: Run, monkeypatch):
    late = SimpleNamespace(last=3, newest_snapshot=lambda: 5, status=run.status, path=run.path)
    fed = feed.at(feed.Offers(late, None, "visit"), None)
    assert (fed.step, fed.last, fed.live) == (5, 5, True)
    monkeypatch.setattr(frame.visit, "state", lambda: SimpleNamespace(step=None))
    monkeypatch.setattr(frame.server, "about", lambda path: None)
    drawn = frame.look(late)
    assert (drawn.step, drawn.last, drawn.live) == (5, 5, True)
