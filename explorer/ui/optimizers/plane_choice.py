"""Which plane the loss surface is drawn on, around which step, and the paths of which runs are drawn over it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from explorer.charts import theme
from explorer.measure.plane import ALL, OWN, RANDOM, THREE, PlaneChoice
from explorer.runs.run import Run
from explorer.ui import chosen, server, visit
from explorer.ui.view import View

KINDS = {
    OWN: "This run’s path",
    ALL: "All runs’ paths",
    THREE: "Three points",
    RANDOM: "Random directions",
}
REACHES = [0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0]
MOST_SEED = 9999


@dataclass(frozen=True)
class Walker:
    """A run whose path is drawn: its name on the screen and its colour."""

    run: Run
    name: str
    color: str


def walkers(view: View) -> list[Walker]:
    """The run looked at, and the other members of its race; without a race, the visit's other runs."""
    contenders = server.racing(view.run)
    if len(contenders) < 2:
        others = [
            Walker(run, chosen.differences(run), theme.run(index)) for index, run in enumerate(chosen.earlier_runs())
        ]
        return [Walker(view.run, f"{chosen.differences(view.run)} (this run)", theme.TRAIN), *others]
    near_walkers = [Walker(run, name, theme.layer(index)) for index, (name, run) in enumerate(contenders.items())]
    return sorted(near_walkers, key=lambda walker: walker.run.id != view.run.id)


def centred(view: View) -> int:
    """The step that the surface is drawn around: the one looked at when it was first shown, until it is moved."""
    return visit.state().centres.setdefault(view.run.id, view.step)


def recentre(view: View, centre: int) -> None:
    """Says around which step the surface is drawn, and moves it to the one that is looked at."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Draw around step {view.step:,}",
            key="surface-here",
            icon=":material/my_location:",
            on_click=move,
            args=(view.run.id, view.step),
            disabled=view.step == centre,
        )
        st.toggle(
            "Follow",
            value=True,
            key="surface-follows",
            help="while following the newest step, draws around it anew whenever the steps have doubled",
            bind="query-params",
        )
        st.caption(f"drawn around step {centre:,}; the scrubber moves the mark on it")


def move(run: str, step: int) -> None:
    """Draws around another step from now on."""
    visit.state().centres[run] = step


def follow(view: View, centre: int, ready: bool) -> None:
    """Moves a surface along with a run whose steps have doubled since, once it is ready to go."""
    if ready and view.live and view.step >= 2 * centre and st.session_state.get("surface-follows"):
        move(view.run.id, view.step)
        view.refines.append("drawing the surface · 0 %")


def chosen_plane(view: View, others: list[Walker]) -> PlaneChoice | None:
    """The plane that the visitor chose; None while the choice is not complete."""
    names, state = [kind for kind in KINDS if others or kind != ALL], st.session_state
    if state.get("surface-plane", names[0]) not in names:  # of all runs, and now there is only one
        state["surface-plane"] = names[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Plane",
            names,
            format_func=KINDS.__getitem__,
            default=names[0],
            key="surface-plane",
            required=True,
            bind="query-params",
        )
        reach = st.select_slider(
            "Reach",
            REACHES,
            value=1.0,
            format_func=lambda r: f"± {r:g}" if kind == RANDOM else f"× {r:g}",
            key="surface-reach",
            width=180,
            help="of random directions, in lengths of the weights’ own rows; else the margin around the paths",
            bind="query-params",
        )
        seed = 0
        if kind == RANDOM:
            seed = int(st.number_input("Seed", 0, MOST_SEED, key="surface-seed", width=120, bind="query-params"))
    if kind == THREE:
        through = three(view, others)
        return None if through is None else PlaneChoice(THREE, reach=reach, through=through)
    return PlaneChoice(kind or OWN, seed, reach, near(others) if kind == ALL else ())


def near(others: list[Walker]) -> tuple[str, ...]:
    """The paths that a plane of all is laid through: beside the weights of one that diverged all others are a point."""
    return tuple(str(walker.run.path) for walker in others if walker.run.status.state != "diverged")


def three(view: View, others: list[Walker]) -> tuple[tuple[str, int], ...] | None:
    """Three points of weight space to lay a plane through: ends of runs and steps of this one."""
    centre = centred(view)
    here, path = chosen.differences(view.run), str(view.run.path)
    places = {(path, step): f"{here}, step {step:,}" for step in (centre, centre // 2, 0)}
    ends = {(str(walker.run.path), end(walker.run, centre)): walker.name for walker in others}
    places |= {place: f"{name}, step {place[1]:,}" for place, name in ends.items()}
    first = [*list(places)[:1], *ends, *list(places)[1:3]][:3]
    picked = st.multiselect(
        "Through the weights of",
        list(places),
        default=first,
        max_selections=3,
        format_func=places.__getitem__,
        key=f"surface-three-{view.run.id}-{centre}",
    )
    if len(picked) < 3:
        st.caption("Choose three points: a plane is laid through them.")
        return None
    return tuple(picked)


def end(run: Run, centre: int) -> int:
    """The last step of a run; of one that is training, the step that is drawn around, so that it stays the same."""
    newest = run.newest_snapshot()
    return min(centre, newest) if run.status.state == "training" else newest
