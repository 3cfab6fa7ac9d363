"""The loss of the run's own model on a plane through its weights, with the paths of runs over it, and along a line."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import streamlit as st

from explorer.measure import plane as planes
from explorer.measure.plane import OWN, RANDOM, THREE, Laying
from explorer.measure.updates import number
from explorer.runs.answer import Answer
from explorer.ui import picture
from explorer.ui.components.landscape import Ground, Track, landscape, message
from explorer.ui.frame import cards
from explorer.ui.optimizers import slices
from explorer.ui.optimizers.laying import KINDS, Walker, chosen_plane, walkers
from explorer.ui.optimizers.refining import refined, renewed
from explorer.ui.view import View

EVERY = 2.0  # seconds between two looks at where paths of training runs have come
NEEDED = 3  # snapshots that span a plane
FAR = 0.5  # of the squared distance from the centre outside the plane, from which a path is no more read on it, …
NEAR = 0.1  # … unless it is nearer to the plane than this, in halves of the window
TINY = 1e-9  # a distance that is none but for rounding
APART = 0.1  # nats between a point's own loss and the plane's beneath it that are worth a word, and of its own loss
AXES = {
    RANDOM: "a, b: along two random directions, in lengths of the weights’ own rows",
    OWN: "along the first and second principal direction of the path, ‖Δθ‖",
    THREE: "from the first point to the second, and at right angles to it towards the third, ‖Δθ‖",
}
FORMULAS = (
    r"$L(a, b) = L(\theta + a\,d_1 + b\,d_2)$, with θ the weights of the step drawn around: the model’s own loss, run "
    "forward at every point without dropout, on up to 32 samples of the batch that the run trains on at that step. At "
    "(0, 0) it is that batch’s loss.\n\n"
    "**Random directions:** every row of every matrix drawn from a normal distribution and rescaled to the length of "
    "the weights’ row, vectors left alone (Li et al. 2018, §4). **Paths:** the two directions that hold most of the "
    "squared distances of the snapshots from θ (PCA from θ; Li et al. 2018, §6). Even a random walk in many dimensions "
    "lies mostly in such a plane (Antognini & Sohl-Dickstein 2018), so that share is told beside it. **Three points:** "
    "Garipov et al. 2018.\n\n"
    r"**Paths** are projected by least squares: $\min_{a,b} \lVert \theta_t - \theta - a\,d_1 - b\,d_2 \rVert$. What "
    "is left of it is the distance from the plane. Where more than half of the squared distance from the centre lies "
    "outside, a path is dashed: the colour beneath it is the loss of another point than its own."
)


def show(view: View) -> None:
    """The surface, its paths in numbers, and a slice."""
    if not view.run.tensors or sum(step <= view.step for step in view.run.snapshot_steps) < NEEDED:
        st.info(
            f"A path needs {NEEDED} snapshots of the weights and has fewer at step {view.step}: train a little, or go "
            "to a later step.",
            icon=":material/hourglass_empty:",
        )
        return
    drawn_over = walkers(view)
    centre = centred(view)
    with cards("surface", 1)[0]:
        laying = chosen_plane(view, drawn_over[1:])
        recentre(view, centre)
        if laying is not None:
            try:
                draw(view, centre, laying, drawn_over)
            except ValueError as error:
                st.warning(str(error), icon=":material/info:")
    with cards("slice", 1)[0]:
        slices.show(view, centre, drawn_over)
    picture.computed(FORMULAS, planes.Plane.project, planes.principal, title="How the surface is computed")


def centred(view: View) -> int:
    """The step that the surface is drawn around: the one looked at when it was first shown, until it is moved."""
    return st.session_state.setdefault("surface-centre", {}).setdefault(view.run.id, view.step)


def recentre(view: View, centre: int) -> None:
    """Says around which step the surface is drawn, and moves it to the one that is looked at."""

    def move() -> None:
        st.session_state["surface-centre"][view.run.id] = view.step

    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Draw around step {view.step}",
            key="surface-here",
            icon=":material/my_location:",
            on_click=move,
            disabled=view.step == centre,
        )
        st.caption(f"drawn around step {centre}; the scrubber moves the mark on it")


def draw(view: View, centre: int, laying: Laying, drawn_over: list[Walker]) -> None:
    """The surface as far as it is computed, and where the runs are on it."""
    answer = refined(view, "surface.grid", centre, "drawing the surface", laying=laying)
    if answer is None:
        st.caption("laying the plane…")
        return
    until = tuple((str(walker.run.path), walker.run.newest_snapshot()) for walker in drawn_over)
    places = renewed(view, "surface.paths", centre, EVERY, (laying, until[0][0]), laying=laying, walkers=until)
    plain, arrays = answer
    tracks = [] if places is None else tracks_of(view, places, drawn_over, halfway(answer))
    told = message(
        f"Loss around step {centre} · {KINDS[laying.kind].lower()}",
        text(plain, laying.kind, tracks),
        Ground(
            arrays["losses"],
            plain["window"],
            AXES.get(laying.kind, AXES[OWN]),
            "loss, nats",
            "loss on the plane, nats",
            stride=plain["stride"],
            marks=[(0.0, 0.0, f"step {centre}")],
        ),
        tracks,
        known=(plain["done"] / plain["of"], f"{plain['done']} of {plain['of']} points"),
        projector=bool(st.session_state.get("projector")),
    )

    def go(step: int) -> None:
        st.session_state.step = step

    landscape(told, key="surface", on_step=go)
    st.caption(batch_words(plain))
    picture.look_for("surface", sentence(plain, arrays["losses"], places, drawn_over))
    if places is not None:
        st.html(table(view, places, tracks, drawn_over))


def halfway(answer: Answer) -> float:
    """From the middle of the window to its corner, in weight space."""
    plain, arrays = answer
    sides = [(high - low) / 2 for low, high in plain["window"]]
    return float(np.hypot(*(arrays["lengths"] * sides)))


def tracks_of(view: View, places: Answer, drawn_over: list[Walker], half: float) -> list[Track]:
    """The paths of the runs that live in the same space. half: of the window, in weight space."""
    plain, arrays = places
    by_path, found, start = {str(w.run.path): w for w in drawn_over}, [], 0
    for told in plain["runs"]:
        here = slice(start, start + told["n"])
        start += told["n"]
        walker, steps = by_path.get(told["path"]), arrays["steps"][here]
        if walker is None or not len(steps):
            continue
        found.append(
            Track(
                name=walker.name,
                color=walker.color,
                steps=steps,
                x=arrays["coordinates"][here, 0],
                y=arrays["coordinates"][here, 1],
                off=arrays["left_out"][here],
                distances=arrays["distances"][here],
                far=(arrays["left_out"][here] > FAR) & (arrays["distances"][here] > NEAR * half),
                now=int(np.searchsorted(steps, view.step, side="right")) - 1,
                marked=walker.run.id == view.run.id,
            )
        )
    return found


def text(plain: dict[str, Any], kind: str, tracks: list[Track]) -> str:
    """The picture in words."""
    names = ", ".join(track.name for track in tracks) or "no run"
    return (
        f"Loss of the model on a plane through its weights at step {plain['step']}, {KINDS[kind].lower()}; "
        f"{plain['done']} of {plain['of']} points are computed; paths of {names}."
    )


def batch_words(plain: dict[str, Any]) -> str:
    """On what the loss is, and how it differs from the one that training has."""
    some = plain["samples"] < plain["batch"]
    which = f"the first {plain['samples']} of the {plain['batch']}" if some else f"the {plain['samples']}"
    part = " of the first part" if plain["accumulate"] > 1 else ""
    dropout = f" · without the dropout of {plain['dropout']:g} that training has" if plain["dropout"] else ""
    return (
        f"loss on {which} samples of the batch of step {plain['step']}{part}{dropout} · colours on a log scale · "
        f"{plain['done']:,} of {plain['of']:,} points"
    )


def sentence(plain: dict[str, Any], losses: np.ndarray, places: Answer | None, drawn_over: list[Walker]) -> str:
    """How much the plane holds, where it is lowest, and which path must not be read on it."""
    known = losses[np.isfinite(losses)]
    if not len(known):
        return "no point of this plane has a finite loss."
    words = [
        f"at the centre the loss is {plain['loss']:.3g} nats, on this plane from {known.min():.3g} to {known.max():.3g}"
    ]
    if plain["explained"] is not None:
        first, second = plain["explained"]
        share = f"the plane holds {first + second:.1%} of the squared distances of the snapshots from it"
        if plain["wandering"] is not None:
            share += f" (a random walk of as many steps would come to {plain['wandering']:.0%})"
        words.append(share)
    names = {str(walker.run.path): walker.name for walker in drawn_over}
    off = [] if places is None else [run for run in places[0]["runs"] if apart(run) and run["path"] in names]
    if off:
        worst = max(off, key=lambda run: abs(run["itself"] - run["beneath"]))
        words.append(
            f"{names[worst['path']]} at its step {worst['last']} lies off the plane, its own loss is "
            f"{worst['itself']:.3g} and the one beneath it {worst['beneath']:.3g}: do not read its path as lying on "
            "the surface"
        )
    return "; ".join(words) + "."


def apart(run: dict[str, Any]) -> bool:
    """True where the surface beneath the end of a path tells another loss than its weights have."""
    own, beneath = run["itself"], run["beneath"]
    return own is not None and beneath is not None and abs(own - beneath) > APART * max(1.0, own)


def table(view: View, places: Answer, tracks: list[Track], drawn_over: list[Walker]) -> str:
    """Every path in numbers. Names are a visitor's and escaped."""
    walkers_of = {str(w.run.path): w for w in drawn_over}
    by_name = {track.name: track for track in tracks}
    rows = []
    for run in places[0]["runs"]:
        walker = walkers_of.get(run["path"])
        track = None if walker is None else by_name.get(walker.name)
        if walker is None or track is None:
            continue
        now = max(0, track.now)
        distance, off = (
            (0.0, 0.0) if track.distances is None or track.off is None else (track.distances[now], track.off[now])
        )
        cells = (
            f"{track.steps[now]:.0f}",
            f"{number(float(distance) if distance > TINY else 0.0, 3)} ({off:.0%})",
            "–" if run["explained"] is None else f"{run['explained']:.1%}",
            f"{run['last']}",
            "not finite" if run["itself"] is None else f"{run['itself']:.4f}",
            "not finite" if run["beneath"] is None else f"{run['beneath']:.4f}",
        )
        dot = f'<i style="display:inline-block;width:.7em;height:.7em;border-radius:50%;background:{walker.color}"></i>'
        rows.append(f"<tr><th>{dot} {escape(walker.name)}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    head = ("", "step", "off the plane", "path in the plane", "last step", "its own loss", "loss beneath")
    top = "".join(f"<th>{word}</th>" for word in head)
    misfits = len(places[0]["misfits"])
    other = (
        f"<p><small>{misfits} other run{'s' * (misfits > 1)} of other shapes not drawn.</small></p>" if misfits else ""
    )
    body = f'<table class="scores"><thead><tr>{top}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return f'<div style="overflow-x: auto">{body}{other}</div>'
