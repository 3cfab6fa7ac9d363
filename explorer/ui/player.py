"""The player bar on top of every page, and what its buttons do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer.measure.names import spoken
from explorer.runs.run import Run
from explorer.ui import branching, chosen, feed, foreign, refusals, server, visit
from explorer.ui.components.actions import Action, seen
from explorer.ui.components.page_keys import page_keys
from explorer.ui.components.player_bar import player_bar
from explorer.ui.scenes import going
from explorer.ui.view import View

TONES = {"found": "good", "diverged": "bad", "paused": "warn", "ablate": "warn", "finished": "good", "bookmark": "good"}


@dataclass
class Bar:
    """drawn: whether this drawing of the page has come to the bar, or to the keys of a page without one."""

    drawn: bool = False


def show(view: View, waiting: str, refining: str = "", fed: bool = False, pictures: bool = True) -> None:
    """The player bar, and what its buttons do. waiting, refining: what pictures wait for and what becomes finer.

    fed: whether the browser asks for the bar by itself.   pictures: and for pictures of the page beside it.
    """
    run, projector, number = view.run, visit.state().projector, seen("player")
    visit.kept(Bar).drawn = True
    mine = foreign.WORD_JOINER if run.meta("title") else ""  # a name that somebody gave it is said in no other language
    fixed = {
        "name": mine + chosen.differences(run),
        "projector": projector,
        "feed": feed.address(view, pictures) if fed else None,
    }
    fixed |= {"scene": going.caption(), "branched": branching.fresh(run)}
    making = visit.state().making
    note = {"note": making.words} if making else {}
    if fed:
        feed.offer(
            "player", lambda view: json.dumps(fixed | header(view) | note | {"seen": number}).encode(), plain=True
        )
    beat = {"beat": time.monotonic()}  # the browser hears of a message only where it differs from the one before
    data = fixed | header(view, waiting, refining) | note | beat
    player_bar(data, key="player", on_action=lambda action: act(run, action))


def keys(turn: Callable[[int], None] | None = None) -> None:
    """What the keys do that mean something without the bar, where a page has none and has not called this before.

    turn: gets -1 and 1, as often as ← and → were pressed.
    """
    if visit.kept(Bar).drawn:
        return
    visit.kept(Bar).drawn = True

    def answer(action: Action) -> None:
        if action["kind"] == "move" and turn:
            turn(int(action["direction"]))
        meant(action)
        visit.state().rerun = False  # all of the page is drawn, for this is part of no live one

    page_keys(going.caption(), key="page-keys", on_action=answer, arrows=turn is not None)


def meant(action: Action) -> None:
    """Carries out what means something on every page."""
    if action["kind"] == "scene":
        going.turn(int(action["by"]))
    elif action["kind"] == "projector":
        visit.state().projector = not visit.state().projector
        visit.state().rerun = True


def header(view: View, waiting: str = "", refining: str = "") -> dict[str, Any]:
    """What the bar tells of a run at a step."""
    status, run = view.status, view.run
    place = server.host().place(run.path)
    state = "queued" if place else status.state
    over = state in ("finished", "diverged")
    return {
        "run": run.id,
        "state": state,
        "words": words(view, place),
        "step": view.step,
        "live": view.live,
        "last": view.last,
        "kept": run.snapshot_steps,
        "exact": not waiting,
        "note": waiting or refining or None,
        "events": [
            {
                "id": e.id,
                "step": e.step,
                "kind": e.kind,
                "label": e.label,
                "tone": TONES.get(e.kind, "info"),
                "head": e.detail.get("head") if e.kind == "found" else None,
            }
            for e in sorted(view.events, key=lambda e: e.step)[-200:]
        ],
        "speed": next((e.detail["value"] for e in reversed(run.events) if e.kind == "speed"), None),
        "can": {
            "play": any(raced.status.state != "diverged" for raced in server.racing(run).values()),
            "single": not over and state != "training",
            "reset": True,
            "branch": view.last > 0,
            "share": True,
            "bookmark": True,
        },
    }


def words(view: View, place: int) -> str:
    """The run's state in words."""
    if place:
        return f"waiting · place {place} in the queue"
    state, reason = view.status.state, spoken(view.status.reason)
    if state == "training":
        pace = view.run.pace()
        return f"training · {steps_a_second(pace)}" if pace else "training · starting"
    if state == "waiting":
        return f"waiting {reason}" if reason else "ready at step 0"
    return f"{state} · {reason}" if reason else state


def steps_a_second(pace: float | None) -> str:
    """A pace in words: whole steps where they are many, two digits where they are few."""
    return "–" if pace is None else f"{pace:.0f} steps/s" if pace >= 10 else f"{pace:.2g} steps/s"


def act(run: Run, action: Action) -> None:
    """Carries out what was pressed on the player bar."""
    kind, host, state = action["kind"], server.host(), visit.state()
    if kind == "view":
        state.step = max(0, min(int(action["step"]), run.last))
    elif kind == "live":
        state.step = None
    elif kind == "play":
        state.step = None
        server.obeyed(host.order(run.path, "play"))
    elif kind == "on":
        state.step = None
        for raced in server.racing(run).values():
            if raced.status.state == "finished":  # as many steps again
                host.order(raced.path, "set", **{"train.steps": 2 * raced.last})
        server.obeyed(host.order(run.path, "play"))
    elif kind == "single":
        state.step = None
        server.obeyed(host.order(run.path, "single"))
    elif kind == "pause":
        server.obeyed(host.order(run.path, "pause", reason="by hand"))
    elif kind == "speed":
        server.obeyed(host.order(run.path, "speed", value=action["value"]))
    elif kind == "bookmark":
        server.obeyed(host.order(run.path, "bookmark", label="", step=run.last if state.step is None else state.step))
        try:
            going.add()
            st.toast("A scene of what you see stands under Scenes.", icon=":material/movie:")
        except ValueError as error:
            refusals.keep(str(error))
        state.rerun = True
    elif kind == "again":  # the browser has not heard from the page: a whole run of it sends the timer anew
        state.rerun = True
    elif kind in ("scene", "projector"):
        meant(action)
    elif kind == "reset":
        chosen.begin_again(run)
        state.rerun = True
    elif kind == "branch":
        if state.making is None:
            branching.begin(run, state.step if state.step is not None else run.last, {})
        state.rerun = True
