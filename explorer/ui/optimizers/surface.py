"""The loss of the run's own model on a plane through its weights, with the paths of runs over it, and along a line."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.answers.records.landscape import LossSurface, SurfacePaths
from explorer.measure import plane as planes
from explorer.measure.plane import OWN, RANDOM, THREE, PlaneChoice
from explorer.ui import foreign, picture, visit
from explorer.ui.components.landscape import Ground, Track, landscape, message
from explorer.ui.frame import cards
from explorer.ui.optimizers import slices
from explorer.ui.optimizers.plane_choice import KINDS, Walker, centred, chosen_plane, follow, recentre, walkers
from explorer.ui.optimizers.refining import refined, renewed
from explorer.ui.optimizers.surface_sentences import batch_words, sentence, table, text
from explorer.ui.view import View
from explorer.ui.visit import Last

HEIGHT = 370  # pixels of the surface
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
            f"A path needs {NEEDED} snapshots of the weights and has fewer at step {view.step:,}: train a little, or "
            "go to a later step.",
            icon=":material/hourglass_empty:",
        )
        return
    drawn_over = walkers(view)
    centre = centred(view)
    with cards("surface", 1)[0]:
        plane = chosen_plane(view, drawn_over[1:])
        recentre(view, centre)
        if plane is not None:
            try:
                draw(view, centre, plane, drawn_over)
            except ValueError as error:
                st.warning(foreign.sentence(str(error)), icon=":material/info:")
    picture.details(lambda: sliced(view, centre, drawn_over))
    picture.computed(FORMULAS, planes.Plane.project, planes.principal, title="How the surface is computed")


def sliced(view: View, centre: int, drawn_over: list[Walker]) -> None:
    """A slice of the surface."""
    with cards("slice", 1)[0]:
        slices.show(view, centre, drawn_over)


def draw(view: View, centre: int, plane: PlaneChoice, drawn_over: list[Walker]) -> None:
    """The surface as far as it is computed, and where the runs are on it."""
    last: Last[tuple[int, PlaneChoice, LossSurface, SurfacePaths | None]] = visit.kept(Last, "surface", view.run.id)
    answer = refined(view, LossSurface, centre, "drawing the surface", plane_choice=plane)
    until = tuple((str(walker.run.path), walker.run.newest_snapshot()) for walker in drawn_over)
    of = (plane, until[0][0])
    places = renewed(view, SurfacePaths, centre, EVERY, of, plane_choice=plane, walkers=until) if answer else None
    if answer is not None and (places is not None or last.shown is None):
        last.shown = (centre, plane, answer, places)
    if last.shown is None:
        st.caption("laying the plane…")
        return
    wanted = centre
    centre, plane, answer, places = last.shown  # the one before, until there is something of a new one
    tracks = [] if places is None else tracks_of(view, places, drawn_over, halfway(answer))
    data = message(
        f"Loss around step {centre:,} · {KINDS[plane.kind].lower()}",
        text(answer, plane.kind, tracks),
        Ground(
            answer.losses,
            answer.window,
            AXES.get(plane.kind, AXES[OWN]),
            "loss, nats",
            "loss on the plane, nats",
            stride=answer.stride,
            marks=[(0.0, 0.0, f"step {centre:,}")],
        ),
        tracks,
        progress=(answer.done / answer.of, f"{answer.done:,} of {answer.of:,} points"),
        height=HEIGHT,
        projector=visit.state().projector,
    )
    landscape(data, key="surface", on_step=picture.go)
    st.caption(batch_words(answer, int(np.isposinf(answer.losses).sum())))
    lost = any(track.marked and outside(track, answer.window) for track in tracks)
    away = f"step {view.step:,} lies outside of what is drawn: draw around it; " if lost else ""
    whole = answer.done == answer.of or (lost and 0 < answer.stride <= ENOUGH)
    follow(view, centre, whole and centre == wanted)
    picture.look_for("surface", away + sentence(answer, places, drawn_over))
    if places is not None:
        picture.details(lambda: st.html(table(places, tracks, drawn_over)))


def halfway(answer: LossSurface) -> float:
    """From the middle of the window to its corner, in weight space."""
    sides = [(high - low) / 2 for low, high in answer.window]
    return float(np.hypot(*(answer.lengths * sides)))


def tracks_of(view: View, places: SurfacePaths, drawn_over: list[Walker], half: float) -> list[Track]:
    """The paths of the runs that live in the same space. half: of the window, in weight space."""
    by_path, tracks = {str(w.run.path): w for w in drawn_over}, []
    for path in places.runs:
        walker = by_path.get(path.path)
        if walker is None or not len(path.steps):
            continue
        tracks.append(
            Track(
                name=walker.name,
                color=walker.color,
                steps=path.steps,
                x=path.coordinates[:, 0],
                y=path.coordinates[:, 1],
                off=path.left_out,
                distances=path.distances,
                far=(path.left_out > FAR) & (path.distances > NEAR * half),
                now=int(np.searchsorted(path.steps, view.step, side="right")) - 1,
                marked=walker.run.id == view.run.id,
            )
        )
    return tracks


def outside(track: Track, window: tuple[tuple[float, float], tuple[float, float]]) -> bool:
    """True where the point that is looked at lies outside of the window."""
    if track.now < 0:
        return False
    (left, right), (low, high) = window
    return not (left <= track.x[track.now] <= right and low <= track.y[track.now] <= high)
