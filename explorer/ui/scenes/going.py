"""Going from scene to scene: what a scene shows becomes what this visit looks at, before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.config.presets import PRESETS
from explorer.config.quoting import quoted
from explorer.config.refusal import no_preset
from explorer.config.scenes import MOST, Scene, Scenes, made, read
from explorer.ui import chosen, held, refusals, sitemap, visit

SHIPPED = Path(__file__).with_name("how_a_transformer_learns.json")
APART = "\n"  # between several values of one name


@dataclass
class Playing:
    """at: the scene that was gone to last, by its place; None before the first.   run: begun for scenes without one."""

    list: Scenes = field(default_factory=Scenes)
    at: int | None = None
    run: str | None = None
    step: int | None = None  # that was gone to; None follows the newest


def playing() -> Playing:
    """This visit's."""
    return visit.kept(Playing)


def caption() -> dict[str, Any] | None:
    """What the player bar shows of the scene; None where nobody goes through a list, or on another page."""
    mine, page = playing(), visit.state().page or "start"
    if mine.at is None or not mine.list.scenes or mine.list.scenes[mine.at].page != page:
        return None
    scene = mine.list.scenes[mine.at]
    return {"sentence": scene.say, "number": mine.at + 1, "of": len(mine.list.scenes), "left": left(mine, scene)}


def left(mine: Playing, scene: Scene) -> bool:
    """Whether another step or section is looked at than the scene's own, on its page."""
    state, row = visit.state(), sitemap.ROWS.get(scene.page)
    if state.step != mine.step:
        return True
    if row is None or state.section is None:
        return False
    title, first = state.section
    return title != scene.controls.get(row, first)


def take(new: Scenes) -> None:
    """Another list takes the place of this visit's. ValueError where it names a page or a preset that there is not."""
    for number, scene in enumerate(new.scenes, 1):
        if scene.page not in sitemap.TITLES:
            pages = ", ".join(sitemap.TITLES)
            raise ValueError(f"scene {number}: there is no page {quoted(scene.page)}; use one of {pages}")
    if new.preset is not None and new.preset not in PRESETS:
        raise ValueError(no_preset(new.preset, PRESETS))
    mine = playing()
    mine.list, mine.at, mine.run = new, None, None


def begin_shipped() -> None:
    """Opens the list that comes with the explorer at its first scene. For callbacks."""
    take(read(SHIPPED.read_bytes()))
    go(0)


def turn(by: int) -> None:
    """Goes on, or back, by this number of scenes; at an end it stays."""
    mine = playing()
    if mine.list.scenes:
        at = -1 if mine.at is None and by > 0 else mine.at or 0
        go(max(0, min(at + by, len(mine.list.scenes) - 1)))


def go(number: int) -> None:
    """Shows a scene. Why that cannot be is said on the page."""
    mine = playing()
    scene = mine.list.scenes[number]
    try:
        show(scene, scene.run or begun(mine))
    except ValueError as error:
        refusals.keep(f"scene {number + 1}: {error}")
        visit.state().rerun = True
        return
    mine.step, mine.at = visit.state().step, number


def show(scene: Scene, name: str | None) -> None:
    """What a scene shows of a run becomes what is looked at; None for the run that is. ValueError says why not."""
    state = visit.state()
    if name is not None and name != state.run:
        chosen.open_run(name)
    run = chosen.run()
    reached = run is not None and scene.step is not None and scene.step <= run.last
    state.step = scene.step if reached else None  # a step that is still to come is followed
    state.section = None
    state.head, state.query = scene.head, scene.query
    state.mode, state.hidden = scene.mode, tuple(scene.hide)
    state.axis = scene.axis
    anew(scene)
    state.rerun = True
    sitemap.go_to(scene.page, {name: value.split(APART) for name, value in bound(scene.controls).items()})


def bound(controls: Mapping[str, str]) -> dict[str, str]:
    """The controls that are widgets' own, which Streamlit takes from the address."""
    return {name: value for name, value in controls.items() if chosen.of_widget(name) and name not in held.NAMES}


def anew(scene: Scene) -> None:
    """All widgets that the address holds begin anew, with what the scene says; so does what is held beside them."""
    usual = unbound()
    for name in [name for name in st.session_state if chosen.of_widget(str(name))]:
        del st.session_state[name]
    for name, value in usual.items():
        if name not in scene.controls:  # it stands on this very page, whose browser would keep what it shows
            st.session_state[name] = value
    held.ask(scene.controls, scene.page)


def unbound() -> dict[str, Any]:
    """Lets go of the widgets that are bound to the address now, else nobody but them may write it; gives what each
    shows at first."""
    context, usual = get_script_run_ctx(), {}
    if context is None:
        return {}
    state = context.session_state
    with state.query_params() as params:
        for name in filter(chosen.of_widget, map(str, state.filtered_state)):
            binding = params.get_binding_for_param(name)
            metadata = binding and state._state.get_widget_metadata(binding.widget_id)
            if binding and metadata:
                usual[name] = metadata.deserializer(None)
                params.unbind_widget(binding.widget_id)
    return usual


def begun(mine: Playing) -> str | None:
    """The run that the list begins, begun now if it has not been or is gone; None where it begins none."""
    if mine.list.preset is None:
        return None
    try:
        if mine.run is not None:
            chosen.open_run(mine.run)
            return mine.run
    except ValueError:
        mine.run = None
    chosen.begin(PRESETS[mine.list.preset].config)
    mine.run = visit.state().run
    return mine.run


def add() -> None:
    """What is looked at becomes the last scene of the list. ValueError where the list is full or it is too long."""
    mine = playing()
    if len(mine.list.scenes) >= MOST:
        raise ValueError(f"a list has at most {MOST} scenes; save this one and begin another")
    mine.list = mine.list.model_copy(update={"scenes": (*mine.list.scenes, here())})


def here() -> Scene:
    """What is looked at now. ValueError where it is too long for a scene."""
    state = visit.state()
    return made(
        page=state.page or "start",
        run=state.run,
        step=state.step,
        head=state.head,
        query=state.query,
        mode=state.mode,
        hide=state.hidden,
        axis=state.axis,
        controls={
            name: APART.join(st.query_params.get_all(name)) for name in st.query_params if chosen.of_widget(name)
        },
    )


def change(number: int, **fields: Any) -> None:
    """Changes fields of a scene. ValueError where they cannot be."""
    mine = playing()
    scenes = list(mine.list.scenes)
    scenes[number] = made(**{**scenes[number].model_dump(), **fields})
    mine.list = mine.list.model_copy(update={"scenes": tuple(scenes)})


def remove(number: int) -> None:
    """Takes a scene out of the list."""
    mine = playing()
    scenes = mine.list.scenes[:number] + mine.list.scenes[number + 1 :]
    mine.list = mine.list.model_copy(update={"scenes": scenes})
    if mine.at is not None:
        mine.at = None if not scenes else min(mine.at - (number < mine.at), len(scenes) - 1)
