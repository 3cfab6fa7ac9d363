"""What an optimizer does to one weight, worked out in float64 with its formulas written out.

θ the weight, g its gradient after clipping, η the learning rate, λ the decay, t the count of steps.

    gradient -> clipped -> (+ λθ) -> what the optimizer keeps -> step;   decay apart, in some;   new θ

Every rule is its own small function under the optimizer's name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Weight:
    """One weight before a step, and what the step is made from.

    gradient: before clipping.   norm: of the whole gradient before clipping, clip: the largest allowed, None
    for no clipping.   kept: what the optimizer kept of this weight so far, by torch's names; count: its steps,
    this one included.   knobs: the optimizer's constants, by torch's names.   matrix: rows and columns of the
    tensor.   orthogonal: for Muon, this entry of the orthogonalised matrix.
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
    orthogonal: float = 0.0


@dataclass(frozen=True)
class Stage:
    """One number of the way: its name and symbol, the formula, the same with numbers, what comes out."""

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
        """Appends a stage and gives its number back."""
        self.stages.append(Stage(name, symbol, formula, worked, value))
        return value


def strip(rule: str, weight: Weight) -> Strip:
    """The whole way of one weight through one step of the optimizer `rule`, a key of RULES."""
    source, work = RULES[rule]
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
    work(way, weight, g)
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
    found = share * kept + (1 - share) * new
    formula = f"{number(share)} {symbol} + {number(1 - share)} {of}"
    return way.add(name, symbol, formula, f"{product(share, kept)} + {product(1 - share, new)}", found)


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
    """Momentum of the whole matrix made orthogonal: of it, this entry."""
    share = w.knobs["momentum"]
    b = running(way, "momentum", "b", share, w.kept.get("momentum_buffer", 0.0), g, "g")
    worked = f"{product(share, b)} + {product(1 - share, g)}"
    way.add("look ahead", "u", f"{number(share)} b + {number(1 - share)} g", worked, share * b + (1 - share) * g)
    rows, columns = w.matrix
    words = "this entry of U made orthogonal: five Newton–Schulz steps on all of it, in bfloat16"
    way.add("orthogonalised", "o", words, f"of a {rows} × {columns} matrix U of all u", w.orthogonal)
    scale = 0.2 * math.sqrt(max(rows, columns))
    way.add("scale", "s", "0.2 √max(rows, columns)", f"0.2 · √{max(rows, columns)}", scale)
    way.step = -w.lr * scale * w.orthogonal
    way.add("step", "−η s o", "a step as large as AdamW’s usually is", negative(w.lr, scale, w.orthogonal), way.step)
    apart_decay(way, w)


RULES: dict[str, tuple[str, Callable[[Strip, Weight, float], None]]] = {
    "adamw": ("Loshchilov & Hutter 2019, algorithm 2", adamw),
    "adam": ("Kingma & Ba 2015, algorithm 1, with decay in the gradient", adam),
    "sgd": ("Robbins & Monro 1951, with decay in the gradient", sgd),
    "momentum": ("Polyak 1964, with decay in the gradient", momentum),
    "nesterov": ("Nesterov 1983 as in Sutskever et al. 2013, with decay in the gradient", nesterov),
    "rmsprop": ("Hinton 2012, lecture 6, with decay in the gradient", rmsprop),
    "adagrad": ("Duchi, Hazan & Singer 2011, with decay in the gradient", adagrad),
    "muon": ("Jordan et al. 2024, scaled as in Liu et al. 2025", muon),
}


def number(x: float, digits: int = 4) -> str:
    """A number to so many significant digits, as a person writes it: 0.9431, −3.214 × 10⁻⁵."""
    if not math.isfinite(x):
        return "NaN" if math.isnan(x) else "+∞" if x > 0 else "−∞"
    sign, size = "−" if x < 0 else "", abs(x)
    if size == 0:
        return "0"
    if 1e-3 <= size < min(1e5, 10.0**digits):
        return sign + f"{size:.{digits}g}"
    mantissa, power = f"{size:.{digits - 1}e}".split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{sign}{mantissa}\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}10{str(int(power)).translate(RAISED)}"


def fixed(x: float, decimals: int) -> str:
    """A number with so many decimals; from 10⁵ on, or where it is not finite, as `number` says it."""
    return f"{x:.{decimals}f}".replace("-", "−") if abs(x) < 1e5 else number(x, decimals)


def bracketed(x: float) -> str:
    """A number that follows a sign."""
    return f"({number(x)})" if x < 0 else number(x)


def product(a: float, b: float) -> str:
    """a · b in numbers."""
    return f"{number(a)} · {bracketed(b)}"


def negative(*factors: float) -> str:
    """−a · b · … in numbers."""
    return "−" + " · ".join(bracketed(x) for x in factors)
