"""The race for memory: an RNN, an LSTM, a GRU and a Transformer of equal size, asked after delays of every length."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.config.ordinary import DELAY, Preset
from explorer.config.run import RunConfig

STEM = "memory-race"  # of its runs' files
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


def configs(steps: int = STEPS, seeds: int = 1, first: int = 0) -> dict[str, RunConfig]:
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


CARD = Preset(
    "Which memory reaches furthest?",
    "An RNN, an LSTM, a GRU and a Transformer of equal size race on the same batches, with up to 64 blanks between.",
    "≈ 20 s until they part",
    configs()["LSTM"],
)
