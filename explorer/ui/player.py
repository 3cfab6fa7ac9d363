"""The player bar on top of every page, and what its buttons do."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from explorer.runs.run import Run
from explorer.ui import branching, chosen, feed, server
from explorer.ui.components.player_bar import Action, player_bar
from explorer.ui.view import View

TONES = {"found": "good", "diverged": "bad", "paused": "warn", "ablate": "warn", "finished": "good", "bookmark": "good"}


def show(view: View, waiting: str, refining: str = "", fed: bool = False) -> None:
    """The player bar, and what its buttons do. waiting, refining: what pictures wait for and what becomes finer.

    fed: whether the page has pictures that the browser asks for by itself, beside the bar.
    """
    run, projector = view.run, bool(st.session_state.get("projector"))
    fixed = {"name": chosen.differences(run), "projector": projector, "feed": feed.address(view) if fed else None}
    seen = st.session_state.get("player.seen", 0)
    if fed:
        feed.offer("player", lambda view: json.dumps(fixed | told(view) | {"seen": seen}).encode())
    player_bar(fixed | told(view, waiting, refining), key="player", on_action=lambda action: act(run, action))


def told(view: View, waiting: str = "", refining: str = "") -> dict[str, Any]:
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
            }
            for e in sorted(view.events, key=lambda e: e.step)[-200:]
        ],
        "speed": next((e.detail["value"] for e in reversed(run.events) if e.kind == "speed"), None),
        "can": {
            "play": any(own.status.state != "diverged" for own in server.racing(run).values()),
            "single": not over and state != "training",
            "reset": True,
            "branch": view.last > 0,
            "share": True,
            "bookmark": True,
        },
        "share_url_query": f"run={run.id}" + ("" if view.live else f"&step={view.step}"),
    }


def words(view: View, place: int) -> str:
    """The run's state in words."""
    if place:
        return f"waiting · place {place} in the queue"
    state, reason = view.status.state, view.status.reason
    if state == "training":
        speed = view.run.speed()
        return f"training · {speed:.0f} steps/s" if speed else "training · starting"
    if state == "waiting":
        return f"waiting {reason}" if reason else "ready at step 0"
    return f"{state} · {reason}" if reason else state


def act(run: Run, action: Action) -> None:
    """Carries out what was pressed on the player bar."""
    kind, host, state = action["kind"], server.host(), st.session_state
    if kind == "view":
        state.step = max(0, min(int(action["step"]), run.last))
    elif kind == "live":
        state.step = None
    elif kind == "play":
        state.step = None
        for own in server.racing(run).values():
            if own.status.state == "finished":  # as many steps again
                host.order(own.path, "set", **{"train.steps": 2 * own.last})
        server.obeyed(host.order(run.path, "play"))
    elif kind == "single":
        state.step = None
        server.obeyed(host.order(run.path, "single"))
    elif kind == "pause":
        server.obeyed(host.order(run.path, "pause", reason="by hand"))
    elif kind == "speed":
        server.obeyed(host.order(run.path, "speed", value=action["value"]))
    elif kind == "bookmark":
        server.obeyed(host.order(run.path, "bookmark", label=""))
    elif kind == "projector":
        state.projector = not state.get("projector")
        state.rerun = True
    elif kind == "reset":
        chosen.begin_again(run)
        state.rerun = True
    elif kind == "branch":
        branching.branch(run, state.step if state.step is not None else run.last, {})
        state.rerun = True
