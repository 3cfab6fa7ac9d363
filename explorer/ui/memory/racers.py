"""Who races for memory: an RNN, an LSTM, a GRU and a Transformer of equal size, and how the race begins."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from explorer.config.ordinary import DELAY
from explorer.config.run import RunConfig
from explorer.measure.names import number
from explorer.ui import chosen, refusals, visit

TASK = {
    "task.name": "delay",
    "task.length": 2,
    "task.symbols": 8,
    "task.delay": 64,
    "task.delays": "mixed",
    "model.context": 68,
    "train.batch": 32,
}
STEPS = 400
SEEDS = 5
VALLEY_SEEDS = 3


@dataclass(frozen=True)
class Racer:
    """One of the four: its kind, the settings that give it as many numbers as the others, and its learning rates.

    valley: by rate, the mean loss of the last 20 of STEPS steps over the seeds below VALLEY_SEEDS, as measured on
    2026-11-30; a proof in test_memory_page.py measures it again.
    """

    kind: str
    settings: dict[str, object]
    valley: dict[float, float]

    @property
    def lr(self) -> float:
        """The lowest point of its valley."""
        return min(self.valley, key=self.valley.__getitem__)


RACERS = {
    "RNN": Racer(
        "rnn", {"model.width": 78}, {1e-4: 2.098, 3e-4: 2.087, 1e-3: 2.089, 3e-3: 2.099, 1e-2: 2.138, 3e-2: 2.192}
    ),
    "LSTM": Racer(
        "lstm",
        {"model.width": 40, "model.forget_bias": 3.0},
        {1e-3: 1.579, 3e-3: 0.484, 1e-2: 0.025, 3e-2: 0.806, 1e-1: 2.102},
    ),
    "GRU": Racer(
        "gru",
        {"model.width": 46, "model.forget_bias": 3.0},
        {1e-3: 0.271, 3e-3: 0.022, 1e-2: 0.004, 3e-2: 0.001, 1e-1: 0.083},
    ),
    "Transformer": Racer(
        "decoder",
        {"model.width": 30, "model.heads": 2, "model.layers": 1},
        {3e-4: 1.079, 1e-3: 0.452, 3e-3: 0.613, 1e-2: 1.311, 3e-2: 1.679},
    ),
}


def valleys() -> str:
    """The lowest point of each racer's valley, in words."""
    lowest = [
        f"{name} {number(racer.lr)} of {number(min(racer.valley))} to {number(max(racer.valley))}"
        for name, racer in RACERS.items()
    ]
    return ", ".join(lowest)


def configs(steps: int, seeds: int, first: int = 0) -> dict[str, RunConfig]:
    """The contenders by name, a run for each seed."""
    base = DELAY.replace({"train.steps": steps, "optimizer.schedule": "constant", "optimizer.warmup": 10})
    made = {}
    for name, racer in RACERS.items():
        one = base.replace(TASK | {"model.kind": racer.kind} | racer.settings | {"optimizer.lr": racer.lr})
        for seed in range(first, first + seeds):
            made[name if seeds == 1 else f"{name} · seed {seed}"] = one.replace({"train.seed": seed})
    return made


def is_one(config: RunConfig) -> bool:
    """Whether a run is of such a race: it is asked after delays of every length."""
    return config.flat().get("task.delays") == "mixed"


def launch(steps: int, seeds: int, first: int) -> None:
    """Starts the race and looks at the first; a refusal is shown on the page."""
    try:
        chosen.begin_race(configs(steps, seeds, first), "memory-race")
        visit.state().rerun = True
    except ValueError as error:
        refusals.keep(str(error))


def form(open_: bool) -> None:
    """Steps and seeds, and the button. open_: there is no race yet, so it is offered first."""
    place = st.container() if open_ else st.expander("Another race", icon=":material/tune:")
    with place:
        left, middle, right, last = st.columns([1, 1, 1, 1.3], vertical_alignment="bottom")
        steps = left.number_input("Steps", 10, 100_000, STEPS, key="memory-steps")
        seeds = middle.number_input("Seeds each", 1, SEEDS, 1, key="memory-seeds")
        first = right.number_input("First seed", 0, 2**31 - 2, 0, key="memory-seed")
        last.button(
            "Race the four",
            key="memory-race",
            type="primary",
            icon=":material/sports_score:",
            width="stretch",
            on_click=launch,
            args=(int(steps), int(seeds), int(first)),
        )
        st.caption(
            "Two symbols, up to 64 blanks, and the symbols once more. All four have 13,900 numbers to learn, "
            "within 1 %, and the same batches; each has the learning rate at which it learns best. Five seeds take "
            "five times as long and show how much is chance."
        )
