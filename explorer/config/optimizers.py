"""Optimizers, one record each: everything known of an optimizer stands in its entry of OPTIMIZERS.

Forms, the config, the training, the X-ray, the curvature, the toys and the race read it from here; none has a default
for an unknown name. Plain data: torch's class is named here and looked up when it is built.

θ the weight, g its gradient after clipping, η the learning rate, t the count of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from explorer.measure import updates
from explorer.measure.updates import Strip, Weight, edge

Knobs = Mapping[str, float]  # the constants in force, by torch's names
State = Mapping[str, Any]  # kept for one tensor: tensors and numbers, by torch's names


@dataclass(frozen=True)
class Kept:
    """One quantity that an optimizer keeps per number. key: torch's name."""

    key: str
    symbol: str
    formula: str


@dataclass(frozen=True)
class Divisor:
    """The divisor of each gradient, or of its average; the step is η times the quotient.

    value: from the state and the constants.   filled: how much of a running average is filled by now, by which the kept
    average is divided too (bias correction); 1 without it.
    """

    formula: str
    value: Callable[[State, Knobs], Any]
    filled: Callable[[State, Knobs], float] = lambda state, knobs: 1.0


NOTHING = Divisor("1", lambda state, knobs: 1.0)


@dataclass(frozen=True, kw_only=True)
class UpdateRule:
    """An optimizer.

    torch: its class in torch.optim, built with `constants`.   lr: a good one of a coarse grid on reverse and sort, 400
    steps: a start, which tuning improves; toy_lr: a useful one on each toy surface. step: the arithmetic of one weight,
    from the clipped gradient on.   divisor: NOTHING if it does not divide, None if single numbers have no factor. edge:
    the curvature above which steps of size η overshoot more each time, of the divided Hessian if it divides; None if no
    edge is known.

    An optimizer that steps whole matrices names in `direction` the function ("module:function") that computes the
    direction of a matrix from its state, its gradient and the constants. It takes the blocks' matrices; `rest` is the
    optimizer of all other parameters.
    """

    title: str
    meaning: str
    source: str
    torch: str
    constants: Mapping[str, Any]
    lr: float
    toy_lr: Mapping[str, float]
    kept: tuple[Kept, ...]
    step: Callable[[Strip, Weight, float], None]
    divisor: Divisor | None
    edge: Callable[[float, Knobs], float] | None
    direction: str | None = None
    rest: str | None = None

    @property
    def divides(self) -> bool:
        """Whether it divides gradients, so that the divided curvature is compared with the edge."""
        return self.divisor not in (None, NOTHING)

    @property
    def all_kept(self) -> tuple[Kept, ...]:
        """What it keeps of any parameter, including those of `rest`."""
        return self.kept + (() if self.rest is None else OPTIMIZERS[self.rest].all_kept)


def corrected(key: str) -> Callable[[State, Knobs], Any]:
    """√v̂ + ε with v̂ = v / (1 − β₂ᵗ)."""
    return lambda state, knobs: (state[key] / (1 - knobs["beta2"] ** float(state["step"]))) ** 0.5 + knobs["eps"]


def root(key: str) -> Callable[[State, Knobs], Any]:
    """√v + ε."""
    return lambda state, knobs: state[key] ** 0.5 + knobs["eps"]


def first_filled(state: State, knobs: Knobs) -> float:
    """1 − β₁ᵗ: how much of Adam's first moment is filled."""
    return 1 - knobs["beta1"] ** float(state["step"])


ADAM_KEEPS = (
    Kept("exp_avg", "m", "m ← β₁ m + (1 − β₁) g, the running average of the gradient"),
    Kept("exp_avg_sq", "v", "v ← β₂ v + (1 − β₂) g², that of its square"),
)
ADAM_DIVIDES = Divisor("√v̂ + ε with v̂ = v / (1 − β₂ᵗ)", corrected("exp_avg_sq"), first_filled)  # Cohen et al. 2022, §2
MOMENTUM_KEEPS = (Kept("momentum_buffer", "b", "b ← μ b + g, the running sum of gradients"),)


def averaged_edge(lr: float, knobs: Knobs) -> float:
    """For averaged gradients, as in Adam."""
    return edge(lr, knobs["beta1"], averaged=True)


OPTIMIZERS: dict[str, UpdateRule] = {
    "adamw": UpdateRule(
        title="AdamW",
        meaning="Adam with weight decay apart from the gradient (Loshchilov & Hutter 2019)",
        source="Loshchilov & Hutter 2019, algorithm 2",
        torch="AdamW",
        constants={"fused": True},
        lr=5e-3,
        toy_lr={"rosenbrock": 0.3, "saddle": 0.05, "ravine": 0.1, "rastrigin": 0.1},
        kept=ADAM_KEEPS,
        step=updates.adamw,
        divisor=ADAM_DIVIDES,
        edge=averaged_edge,
    ),
    "adam": UpdateRule(
        title="Adam",
        meaning="steps scaled by running averages of gradient and squared gradient (Kingma & Ba 2015)",
        source="Kingma & Ba 2015, algorithm 1, with decay in the gradient",
        torch="Adam",
        constants={"fused": True},
        lr=5e-3,
        toy_lr={"rosenbrock": 0.3, "saddle": 0.05, "ravine": 0.1, "rastrigin": 0.1},
        kept=ADAM_KEEPS,
        step=updates.adam,
        divisor=ADAM_DIVIDES,
        edge=averaged_edge,
    ),
    "sgd": UpdateRule(
        title="SGD",
        meaning="against the gradient, nothing else",
        source="Robbins & Monro 1951, with decay in the gradient",
        torch="SGD",
        constants={"fused": True},
        lr=0.3,
        toy_lr={"rosenbrock": 2e-3, "saddle": 0.05, "ravine": 0.035, "rastrigin": 2e-3},
        kept=(),
        step=updates.sgd,
        divisor=NOTHING,
        edge=lambda lr, knobs: edge(lr),
    ),
    "momentum": UpdateRule(
        title="momentum",
        meaning="SGD along a running sum of gradients, 0.9 of it kept (Polyak 1964)",
        source="Polyak 1964, with decay in the gradient",
        torch="SGD",
        constants={"momentum": 0.9, "fused": True},
        lr=0.05,
        toy_lr={"rosenbrock": 1e-3, "saddle": 0.02, "ravine": 0.01, "rastrigin": 2e-3},
        kept=MOMENTUM_KEEPS,
        step=updates.momentum,
        divisor=NOTHING,
        edge=lambda lr, knobs: edge(lr, knobs["momentum"]),
    ),
    "nesterov": UpdateRule(
        title="Nesterov",
        meaning="momentum whose gradient counts once more, as if looked ahead (Nesterov 1983; Sutskever et al. 2013)",
        source="Nesterov 1983 as in Sutskever et al. 2013, with decay in the gradient",
        torch="SGD",
        constants={"momentum": 0.9, "nesterov": True, "fused": True},
        lr=0.05,
        toy_lr={"rosenbrock": 1e-3, "saddle": 0.02, "ravine": 0.01, "rastrigin": 2e-3},
        kept=MOMENTUM_KEEPS,
        step=updates.nesterov,
        divisor=NOTHING,
        edge=lambda lr, knobs: edge(lr, knobs["momentum"], ahead=True),
    ),
    "rmsprop": UpdateRule(
        title="RMSprop",
        meaning="gradient divided by its running root mean square (Hinton 2012)",
        source="Hinton 2012, lecture 6, with decay in the gradient",
        torch="RMSprop",
        constants={},
        lr=1e-3,
        toy_lr={"rosenbrock": 0.1, "saddle": 0.02, "ravine": 0.05, "rastrigin": 0.03},
        kept=(Kept("square_avg", "v", "v ← α v + (1 − α) g², the running average of the gradient’s square"),),
        step=updates.rmsprop,
        divisor=Divisor("√v + ε", root("square_avg")),
        edge=lambda lr, knobs: edge(lr),
    ),
    "adagrad": UpdateRule(
        title="Adagrad",
        meaning="gradient divided by the root of all its squares so far (Duchi et al. 2011)",
        source="Duchi, Hazan & Singer 2011, with decay in the gradient",
        torch="Adagrad",
        constants={"fused": True},
        lr=0.01,
        toy_lr={"rosenbrock": 1.0, "saddle": 0.5, "ravine": 0.5, "rastrigin": 0.5},
        kept=(Kept("sum", "Σg²", "Σg² ← Σg² + g², the sum of the gradient’s squares so far"),),
        step=updates.adagrad,
        divisor=Divisor("√Σg² + ε", root("sum")),
        edge=lambda lr, knobs: edge(lr),
    ),
    "muon": UpdateRule(
        title="Muon",
        meaning="momentum made orthogonal, for the blocks' matrices (Jordan et al. 2024); AdamW for the rest",
        source="Jordan et al. 2024, scaled as in Liu et al. 2025",
        torch="Muon",
        constants={"adjust_lr_fn": "match_rms_adamw"},  # steps of AdamW's size, so that one learning rate serves both
        lr=1e-2,
        toy_lr={"rosenbrock": 0.2, "saddle": 0.3, "ravine": 0.3, "rastrigin": 0.3},
        kept=(Kept("momentum_buffer", "b", "b ← μ b + (1 − μ) g, the running average of the gradient"),),
        step=updates.muon,
        divisor=None,
        edge=None,
        direction="explorer.analysis.weight:muon_direction",
        rest="adamw",
    ),
}


def rule_named(name: str) -> UpdateRule:
    """The record of an optimizer. ValueError lists the names."""
    if name not in OPTIMIZERS:
        raise ValueError(f"there is no optimizer {name}; use one of {', '.join(OPTIMIZERS)}")
    return OPTIMIZERS[name]


def meanings() -> str:
    """Every optimizer as a line of Markdown, for the help of a form."""
    return "\n".join(f"- `{name}`: {rule.meaning}" for name, rule in OPTIMIZERS.items())
