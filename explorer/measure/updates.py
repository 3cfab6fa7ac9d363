"""Updates: an optimizer's step of one weight, computed in float64 with its formulas written out.

θ the weight, g its gradient after clipping, η the learning rate, λ the decay, t the count of steps.

gradient -> clipped -> (+ λθ) -> what the optimizer keeps -> step;   decay apart, in some;   new θ

Every rule is its own small function under the optimizer's name; its record is in explorer/config/optimizers.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from explorer.measure.names import RAISED, number


@dataclass(frozen=True)
class Weight:
    """One weight before a step, and the step's inputs.

    gradient: before clipping.   norm: of the whole gradient before clipping, clip: the largest allowed, None for no
    clipping.   kept: the optimizer's state of this weight, by torch's names; count: its steps, this one included.
    knobs: the optimizer's constants, by torch's names.   matrix: rows and columns of the tensor.   direction: for steps
    of whole matrices, this entry of the matrix's direction.
    """

    value: float
    gradient: float
    norm: float
    clip: float | None
    lr: float
    decay: float
    count: int
    kept: Mapping[str, float]
    knobs: Mapping[str, float]
    matrix: tuple[int, int] = (1, 1)
    direction: float | None = None


@dataclass(frozen=True)
class Stage:
    """One number on the way: its name and symbol, the formula, the same with numbers, the result."""

    name: str
    symbol: str
    formula: str
    worked: str
    value: float


@dataclass
class Strip:
    """The way from the gradient to the new weight. step and decay are what is added to the weight."""

    source: str
    stages: list[Stage] = field(default_factory=list)
    step: float = 0.0
    decay: float = 0.0

    def add(self, name: str, symbol: str, formula: str, worked: str, value: float) -> float:
        """Appends a stage and returns its number."""
        self.stages.append(Stage(name, symbol, formula, worked, value))
        return value


def strip(source: str, step: Callable[[Strip, Weight, float], None], weight: Weight) -> Strip:
    """The whole way of one weight through one step of an optimizer, whose record gives its source and its `step`."""
    way = Strip(source)
    way.add("gradient", "∂L/∂θ", "of the batch’s mean loss", "by backpropagation", weight.gradient)
    coefficient = 1.0
    if weight.clip is None:
        way.add("clipping", "c", "1: nothing is clipped", "no largest norm is set", 1.0)
    else:
        coefficient = min(1.0, weight.clip / (weight.norm + 1e-6))
        worked = f"min(1, {number(weight.clip)} / ({number(weight.norm)} + 10⁻⁶))"
        way.add("clipping", "c", "min(1, largest / (‖∇‖ + 10⁻⁶))", worked, coefficient)
    g = coefficient * weight.gradient
    way.add("clipped gradient", "g", "c · ∂L/∂θ", product(coefficient, weight.gradient), g)
    step(way, weight, g)
    moved = way.decay + way.step
    way.add("change", "Δθ", "decay + step", f"{number(way.decay)} + {bracketed(way.step)}", moved)
    way.add("new weight", "θ′", "θ + Δθ", f"{number(weight.value)} + {bracketed(moved)}", weight.value + moved)
    return way


def joined_decay(way: Strip, w: Weight, g: float) -> float:
    """g + λθ: decay as a part of the gradient, as Adam and SGD had it first (L2)."""
    if w.decay == 0:
        return g
    worked = f"{number(g)} + {product(w.decay, w.value)}"
    return way.add("gradient with decay", "g′", "g + λ θ", worked, g + w.decay * w.value)


def apart_decay(way: Strip, w: Weight) -> None:
    """−ηλθ: decay apart from the gradient (Loshchilov & Hutter 2019)."""
    way.decay = -w.lr * w.decay * w.value
    if w.decay == 0:
        way.add("decay", "−η λ θ", "0: biases and norms do not decay, or λ is 0", "λ = 0", 0.0)
    else:
        way.add("decay", "−η λ θ", "towards zero, apart from the gradient", negative(w.lr, w.decay, w.value), way.decay)


def running(way: Strip, name: str, symbol: str, share: float, kept: float, new: float, of: str) -> float:
    """share · kept + (1 − share) · new: a running average."""
    average = share * kept + (1 - share) * new
    formula = f"{number(share)} {symbol} + {number(1 - share)} {of}"
    return way.add(name, symbol, formula, f"{product(share, kept)} + {product(1 - share, new)}", average)


def moments(way: Strip, w: Weight, g: float) -> None:
    """Adam's step from the gradient g (Kingma & Ba 2015, algorithm 1)."""
    first, second, eps, t = w.knobs["beta1"], w.knobs["beta2"], w.knobs["eps"], w.count
    m = running(way, "first moment", "m", first, w.kept.get("exp_avg", 0.0), g, "g")
    v = running(way, "second moment", "v", second, w.kept.get("exp_avg_sq", 0.0), g * g, "g²")
    m_hat, v_hat = m / (1 - first**t), v / (1 - second**t)
    correction = "{} / (1 − {}{})"
    power = str(t).translate(RAISED)
    way.add("bias correction", "m̂", "m / (1 − β₁ᵗ)", correction.format(number(m), number(first), power), m_hat)
    way.add("bias correction", "v̂", "v / (1 − β₂ᵗ)", correction.format(number(v), number(second), power), v_hat)
    way.step = -w.lr * m_hat / (math.sqrt(v_hat) + eps)
    worked = f"−{number(w.lr)} · {bracketed(m_hat)} / (√{number(v_hat)} + {number(eps)})"
    way.add("step", "−η m̂ / (√v̂ + ε)", "against the first moment, by the root of the second", worked, way.step)


def adamw(way: Strip, w: Weight, g: float) -> None:
    """Adam with decay apart."""
    moments(way, w, g)
    apart_decay(way, w)


def adam(way: Strip, w: Weight, g: float) -> None:
    """Adam with decay joined to the gradient."""
    moments(way, w, joined_decay(way, w, g))


def sgd(way: Strip, w: Weight, g: float) -> None:
    """Against the gradient."""
    g = joined_decay(way, w, g)
    way.step = -w.lr * g
    way.add("step", "−η g", "against the gradient", negative(w.lr, g), way.step)


def momentum(way: Strip, w: Weight, g: float) -> None:
    """Against a running sum of gradients."""
    g, share = joined_decay(way, w, g), w.knobs["momentum"]
    kept = w.kept.get("momentum_buffer", 0.0)
    worked = f"{product(share, kept)} + {bracketed(g)}"
    b = way.add("momentum", "b", f"{number(share)} b + g", worked, share * kept + g)
    way.step = -w.lr * b
    way.add("step", "−η b", "against the running sum", negative(w.lr, b), way.step)


def nesterov(way: Strip, w: Weight, g: float) -> None:
    """Against a running sum of gradients, looked at one gradient ahead."""
    g, share = joined_decay(way, w, g), w.knobs["momentum"]
    kept = w.kept.get("momentum_buffer", 0.0)
    worked = f"{product(share, kept)} + {bracketed(g)}"
    b = way.add("momentum", "b", f"{number(share)} b + g", worked, share * kept + g)
    worked = f"{bracketed(g)} + {product(share, b)}"
    u = way.add("look ahead", "u", f"g + {number(share)} b", worked, g + share * b)
    way.step = -w.lr * u
    way.add("step", "−η u", "against the sum looked ahead", negative(w.lr, u), way.step)


def rmsprop(way: Strip, w: Weight, g: float) -> None:
    """Against the gradient, divided by its running root mean square."""
    g, eps = joined_decay(way, w, g), w.knobs["eps"]
    v = running(way, "mean square", "v", w.knobs["alpha"], w.kept.get("square_avg", 0.0), g * g, "g²")
    divided(way, w, g, v, eps)


def adagrad(way: Strip, w: Weight, g: float) -> None:
    """Against the gradient, divided by the root of all its squares so far."""
    g, eps = joined_decay(way, w, g), w.knobs["eps"]
    kept = w.kept.get("sum", 0.0)
    v = way.add("sum of squares", "v", "v + g²", f"{number(kept)} + {number(g * g)}", kept + g * g)
    divided(way, w, g, v, eps)


def divided(way: Strip, w: Weight, g: float, v: float, eps: float) -> None:
    """−η g / (√v + ε)."""
    way.step = -w.lr * g / (math.sqrt(v) + eps)
    worked = f"−{number(w.lr)} · {bracketed(g)} / (√{number(v)} + {number(eps)})"
    way.add("step", "−η g / (√v + ε)", "the gradient by the root of v", worked, way.step)


def muon(way: Strip, w: Weight, g: float) -> None:
    """This entry of the whole matrix's orthogonalized momentum."""
    share = w.knobs["momentum"]
    b = running(way, "momentum", "b", share, w.kept.get("momentum_buffer", 0.0), g, "g")
    worked = f"{product(share, b)} + {product(1 - share, g)}"
    way.add("look ahead", "u", f"{number(share)} b + {number(1 - share)} g", worked, share * b + (1 - share) * g)
    assert w.direction is not None
    direction, (rows, columns) = w.direction, w.matrix
    words = "this entry of U made orthogonal: five Newton–Schulz steps on all of it, in bfloat16"
    way.add("orthogonalised", "o", words, f"of a {rows} × {columns} matrix U of all u", direction)
    scale = 0.2 * math.sqrt(max(rows, columns))
    way.add("scale", "s", "0.2 √max(rows, columns)", f"0.2 · √{max(rows, columns)}", scale)
    way.step = -w.lr * scale * direction
    way.add("step", "−η s o", "a step as large as AdamW’s usually is", negative(w.lr, scale, direction), way.step)
    apart_decay(way, w)


def edge(lr: float, momentum: float = 0.0, averaged: bool = False, ahead: bool = False) -> float:
    """The curvature above which steps of size lr overshoot more each time on a parabola.

    2/lr for gradient descent, (2 + 2β)/lr with momentum β, (2 + 2β)/((1 + 2β) lr) with Nesterov's, which looks
    ahead (Cohen et al. 2021, §2 and appendix B); where the gradient is
    averaged as Adam does, (2 + 2β)/((1 − β) lr), which is 38/lr at β = 0.9 (Cohen et al. 2022, §2).
    """
    share = 1 - momentum if averaged else 1 + 2 * momentum if ahead else 1.0
    return (2 + 2 * momentum) / (share * lr)


def bracketed(x: float) -> str:
    """A number that follows a sign."""
    return f"({number(x)})" if x < 0 else number(x)


def product(a: float, b: float) -> str:
    """a · b in numbers."""
    return f"{number(a)} · {bracketed(b)}"


def negative(*factors: float) -> str:
    """−a · b · … in numbers."""
    return "−" + " · ".join(bracketed(x) for x in factors)
