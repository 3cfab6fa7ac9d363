"""Presets that fail on purpose, each for one reason: it shows within seconds, and each names its cure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from explorer.config.ordinary import DELAY, ORDINARY, RECURRENT, Preset
from explorer.config.run import RunConfig


@dataclass(frozen=True)
class Broken(Preset):
    """A config that fails on purpose. Its description is the symptom.

    look_at: where it shows.   page: on which page, by its address.
    rule: the diagnosis that names it, of explorer/measure/diagnosis.py.
    cure: the settings that make it learn, by path.   anew: why its weights cannot go on with the cure; None: they can.
    """

    look_at: str
    page: str
    rule: str
    cure: dict[str, Any]
    anew: str | None = None

    def may_name(self, config: RunConfig) -> bool:
        """Whether it fails by this still: one whose cure is in force is no run of this preset."""
        settings = config.flat()
        return any(settings.get(path) != value for path, value in self.cure.items())


REVERSE, SORT, ADDITION = (ORDINARY[name].config for name in ("reverse", "sort", "addition"))

BROKEN: dict[str, Broken] = {
    "no-residual": Broken(
        "No residual connections",
        "Six layers, each replacing what it reads: the loss stays at even odds.",
        "≈ 7 s until the first layers hear nothing",
        REVERSE.replace({"model.layers": 6, "model.residual": "none"}),
        look_at="the depth map: the gradient of the first layers fades while that of the last does not",
        page="gradients",
        rule="vanishing",
        cure={"model.residual": "add"},
    ),
    "no-norm": Broken(
        "No LayerNorm",
        "Six layers without a norm at a brisk learning rate: for 80 steps all is well, then the gradient explodes.",
        "≈ 4 s until it diverges",
        REVERSE.replace({"model.layers": 6, "model.norm": "none", "optimizer.lr": 1e-2, "train.clip": None}),
        look_at="the gradient norm, which grows a millionfold in twenty steps, and the step at which it stops",
        page="gradients",
        rule="exploding",
        cure={"model.norm": "pre"},
        anew="a LayerNorm has weights of its own, which this run has not",
    ),
    "post-norm": Broken(
        "Post-norm without warm-up",
        "Eight layers as in 2017, at full speed from the first step: the loss stays at even odds.",
        "≈ 4 s until the first layers hear nothing",
        REVERSE.replace({"model.layers": 8, "model.norm": "post", "optimizer.lr": 4e-3, "optimizer.warmup": 0}),
        look_at="the depth map: within 50 to 150 steps the first layer's gradient is a hundredth of the last one's",
        page="gradients",
        rule="vanishing",
        cure={"optimizer.warmup": 200},
        anew="a warm-up acts on the first steps alone",
    ),
    "no-scale": Broken(
        "No 1/√d",
        "Scores are not divided by √d: the softmax picks one key and stops learning which.",
        "≈ 2 s until attention is all or nothing",
        SORT.replace({"model.heads": 1, "model.scale": "none", "optimizer.name": "adamw"}),
        look_at="the attention map at step 40: most rows are one full cell, before the model knows where to look",
        page="attention",
        rule="saturated attention",
        cure={"model.scale": "sqrt"},
    ),
    "large-init": Broken(
        "Initial weights × 10",
        "Before the first step the model is sure of itself, and wrong: worse than even odds.",
        "≈ 1 s until it shows",
        REVERSE.replace({"model.init": "large"}),
        look_at="the first loss: above ln V, the dashed line of even odds",
        page="train",
        rule="sure of itself",
        cure={"model.init": "gpt2"},
        anew="initial weights are those of step 0",
    ),
    "sigmoid": Broken(
        "Sigmoid activations",
        "The MLP's units end on the curve's flat parts at steps 300 to 2,000, where no gradient passes: half as fast.",
        "≈ 4 s until units saturate, at step 300",
        ADDITION.replace({"model.activation": "sigmoid"}),
        look_at="the share of hidden values on the flat parts between steps 300 and 2,000, if the run is that long: "
        "in a shorter one the learning rate has fallen before. And the update ratio",
        page="gradients",
        rule="stuck units",
        cure={"model.activation": "gelu"},
    ),
    "large-lr": Broken(
        "Learning rate × 100",
        "The first step is larger than the weights themselves, and what is left no longer learns.",
        "≈ 1 s until it shows",
        REVERSE.replace({"optimizer.lr": 5e-2, "optimizer.warmup": 0}),
        look_at="the update ratio of the first steps: a thousand times the usual 10⁻³",
        page="gradients",
        rule="update ratio",
        cure={"optimizer.lr": 5e-4},
        anew="what its first steps ruined does not mend: with a hundredth of the rate it stays where it is",
    ),
    "no-mask": Broken(
        "No causal mask",
        "The loss falls to almost nothing, because the model reads the answer instead of guessing it.",
        "≈ 3 s until it cheats",
        ORDINARY["python"].config.replace({"model.context": 32, "model.mask": "none"}),
        look_at="a head that looks one ahead, and the loss once the future is hidden, as it is when writing",
        page="attention",
        rule="looks ahead",
        cure={"model.mask": "causal"},
    ),
    "batch-of-one": Broken(
        "A batch of one",
        "Every step follows a single example: the gradient is loud, and mostly noise.",
        "≈ 1 s until it shows",
        ADDITION.replace({"train.batch": 1}),
        look_at="the gradient norm, which jumps from step to step, and how little two batches agree",
        page="gradients",
        rule="noise",
        cure={"train.batch": 256},
    ),
    "delay-rnn": Broken(
        "Remember, without gates",
        "The same twenty blanks for a plain RNN: what it reads at the start is gone long before it is asked.",
        "≈ 2 s until it shows",
        DELAY.replace({"model.kind": "rnn"}),
        look_at="gradient through time: it shrinks with every token back, and the loss stays where guessing puts it",
        page="memory",
        rule="fades through time",
        cure={"model.kind": "lstm"},
        anew="gates have weights of their own, which this run has not",
    ),
    "forgetful-lstm": Broken(
        "Forget bias 0",
        "Its forget gates begin half closed: ten blanks leave a thousandth to learn from, and it learns late or never.",
        "≈ 2 s until it shows",
        DELAY.replace({"task.delay": 10, "model.forget_bias": 0.0}),
        look_at="gradient through time, and the cells, which keep what they have for two tokens",
        page="memory",
        rule="fades through time",
        cure={"model.forget_bias": 3.0},
        anew="initial weights are those of step 0",
    ),
    "exploding-rnn": Broken(
        "Recurrent weights × 6",
        "The gradient grows by a third with every token back: the oldest tokens drown all others, and half as many "
        "answers come right.",
        "≈ 1 s until it shows",
        RECURRENT["brackets-gru"].config.replace(
            {"model.kind": "rnn", "model.gain": 6.0, "optimizer.lr": 3e-3, "train.clip": None}
        ),
        look_at="gradient through time: it grows with every token back",
        page="memory",
        rule="grows through time",
        cure={"model.gain": 1.0},
        anew="initial weights are those of step 0",
    ),
}
