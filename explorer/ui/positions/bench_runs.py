"""What the bench trains: five encodings on one seed and the same batches, where order is needed and where not."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from explorer.config.encodings import ENCODINGS
from explorer.config.run import RunConfig
from explorer.ui import chosen, refusals, visit
from explorer.ui.frame import cards

SMALL = {"model.width": 48, "model.heads": 4, "model.layers": 2}


@dataclass(frozen=True)
class Bench:
    """A task for five encodings. why: what it asks of them.   context is four times a sequence, so that all can try."""

    title: str
    why: str
    config: RunConfig


def changed(preset: str, **changes: object) -> RunConfig:
    """A preset in a small model."""
    return RunConfig.preset(preset).replace(SMALL | {name.replace("__", "."): v for name, v in changes.items()})


BENCHES = {
    "reverse": Bench(
        "Reverse, seen both ways",
        "needs to know where each token stands; an encoder without positions cannot tell that there is an order",
        changed(
            "reverse",
            model__kind="encoder",
            model__context=40,
            task__length=10,
            task__symbols=16,
            optimizer__lr=3e-3,
            optimizer__warmup=20,
            train__steps=300,
        ),
    ),
    "causal": Bench(
        "Reverse, token by token",
        "needs to know where each token stands; the causal mask alone lets some order in, even without positions",
        changed(
            "reverse",
            model__context=64,
            task__length=8,
            task__symbols=16,
            optimizer__lr=3e-3,
            optimizer__warmup=20,
            train__steps=400,
        ),
    ),
    "induction": Bench(
        "Induction",
        "needs to know what comes after what; only distances count, so that it could go on for ever",
        changed(
            "induction",
            model__context=96,
            task__length=24,
            task__symbols=16,
            task__shortest=4,
            task__longest=10,
            train__steps=300,
        ),
    ),
    "sort": Bench(
        "Sort",
        "does not ask in which order the input came, and what was said last tells where the answer stands",
        changed("sort", model__context=64, task__length=8, task__symbols=16, train__steps=300),
    ),
}


def configs(bench: Bench, steps: int, seed: int) -> dict[str, RunConfig]:
    """The five contenders by the name of their encoding."""
    base = bench.config.replace({"train.steps": steps, "train.seed": seed})
    return {made.title: base.replace({"model.positions": kind}) for kind, made in ENCODINGS.items()}


def launch(name: str, steps: int, seed: int) -> None:
    """Starts the five in lockstep and looks at the first; a refusal is shown on the page."""
    try:
        chosen.begin_race(configs(BENCHES[name], steps, seed), f"positions-{name}")
        visit.state().rerun = True
    except ValueError as error:
        refusals.keep(str(error))


def form(open_: bool) -> None:
    """Task, steps and seed, and the button. open_: there is no bench yet, so it is offered first."""
    place = st.container() if open_ else st.expander("Another bench", icon=":material/tune:")
    with place:
        left, middle, right, last = st.columns([2, 1, 1, 1.3], vertical_alignment="bottom")
        name = left.selectbox(
            "Task",
            list(BENCHES),
            format_func=lambda key: BENCHES[key].title,
            key="bench-task",
            persist_state="session",
        )
        usual = BENCHES[name].config.train.steps or 300
        steps = middle.number_input("Steps", 10, 100_000, usual, key=f"bench-steps-{name}")
        seed = right.number_input("Seed", 0, 2**31 - 1, 0, key="bench-seed")
        last.button(
            "Train the five",
            key="bench",
            type="primary",
            icon=":material/sports_score:",
            width="stretch",
            on_click=launch,
            args=(name, int(steps), int(seed)),
        )
        st.caption(f"{BENCHES[name].title}: {BENCHES[name].why}.")


def offer() -> None:
    """The bench before there is a run: the form, and what each task asks."""
    form(open_=True)
    with cards("benches", 1)[0]:
        st.markdown("\n".join(f"- **{bench.title}** {bench.why}." for bench in BENCHES.values()))
