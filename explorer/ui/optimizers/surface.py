"""The loss of the run's own model on a plane through its weights, with the paths of runs over it, and along a line."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.measure import plane as planes
from explorer.measure.plane import OWN, RANDOM, THREE, Laying
from explorer.runs.answer import Answer
from explorer.ui import picture
from explorer.ui.components.landscape import Ground, Track, landscape, message
from explorer.ui.frame import cards
from explorer.ui.optimizers import slices
from explorer.ui.optimizers.laying import KINDS, Walker, centred, chosen_plane, follow, recentre, walkers
from explorer.ui.optimizers.refining import refined, renewed
from explorer.ui.optimizers.told import batch_words, sentence, table, text
from explorer.ui.view import View

EVERY = 2.0  # seconds between two looks at where paths of training runs have come
NEEDED = 3  # snapshots that span a plane
FAR = 0.5  # of the squared distance from the centre outside the plane, from which a path is no more read on it, …
NEAR = 0.1  # … unless it is nearer to the plane than this, in halves of the window
ENOUGH = 4  # the stride from which a surface that does not hold the newest step any more is given up for a new one
AXES = {
    RANDOM: "a, b: along two random directions, in lengths of the weights’ own rows",
    OWN: "along the first and second principal direction of the snapshots, ‖Δθ‖",
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
    "outside, and it is more than a tenth of the way to the window’s corner, a path is dashed: the colour beneath it "
    "is the loss of another point than its own."
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


def draw(view: View, centre: int, laying: Laying, drawn_over: list[Walker]) -> None:
    """The surface as far as it is computed, and where the runs are on it."""
    shown = st.session_state.setdefault("surface-shown", {})
    answer = refined(view, "surface.grid", centre, "drawing the surface", laying=laying)
    until = tuple((str(walker.run.path), walker.run.newest_snapshot()) for walker in drawn_over)
    of = (laying, until[0][0])
    places = renewed(view, "surface.paths", centre, EVERY, of, laying=laying, walkers=until) if answer else None
    if answer is not None and (places is not None or view.run.id not in shown):
        shown[view.run.id] = (centre, laying, answer, places)
    if view.run.id not in shown:
        st.caption("laying the plane…")
        return
    wanted = centre
    centre, laying, answer, places = shown[view.run.id]  # the one before, until there is something of a new one
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
    st.caption(batch_words(plain, int(np.isposinf(arrays["losses"]).sum())))
    lost = any(track.marked and outside(track, plain["window"]) for track in tracks)
    away = f"step {view.step} lies outside of what is drawn: draw around it; " if lost else ""
    whole = plain["done"] == plain["of"] or (lost and 0 < plain["stride"] <= ENOUGH)
    follow(view, centre, whole and centre == wanted)
    picture.look_for("surface", away + sentence(plain, arrays["losses"], places, drawn_over))
    if places is not None:
        st.html(table(places, tracks, drawn_over))


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


def outside(track: Track, window: list[list[float]]) -> bool:
    """True where the point that is looked at lies outside of the window."""
    if track.now < 0:
        return False
    (left, right), (low, high) = window
    return not (left <= track.x[track.now] <= right and low <= track.y[track.now] <= high)
