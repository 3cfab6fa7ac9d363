"""The chain rule by hand: how each operation of a Transformer turns the incoming gradient into the outgoing ones.

T position, H heads, Q query, K key, D channels a head, C width, V vocabulary. `g` is ∂L/∂out. `leaves` returns
∂L/∂(input) by the input's name, `worked` writes out one entry: its largest terms and its value. Everything is float64.
Derived from the forward formulas alone, so that autograd can be checked against it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.measure.names import number
from explorer.measure.slopes import SLOPES

Array = np.ndarray
Worked = tuple[str, float]
LISTED = 3  # the largest terms of a long sum, which are written out


def factor(value: float) -> str:
    """A number after an operator."""
    return f"({number(value)})" if value < 0 else number(value)


def listed(terms: list[str], sizes: Array) -> str:
    """The largest terms of a sum, in order; 0 without terms."""
    largest = sorted(np.argsort(-np.abs(sizes), kind="stable")[:LISTED])
    more = len(terms) - len(largest)
    text = " + ".join(terms[i] for i in largest).replace("+ −", "− ")
    return (text or "0") + (f" + … {more} more" if more else "")


def products(a: Array, b: Array) -> Worked:
    """Σ a·b with its largest terms."""
    terms = [f"{number(x)}·{factor(y)}" for x, y in zip(a, b, strict=True)]
    return listed(terms, a * b), float(a @ b)


@dataclass(frozen=True)
class Linear:
    """y = x Wᵀ + b: x (T, I), weight (O, I), g (T, O)."""

    g: Array
    x: Array
    weight: Array

    def leaves(self) -> dict[str, Array]:
        return {"x": self.g @ self.weight, "weight": self.g.T @ self.x, "bias": self.g.sum(0)}

    def worked(self, name: str, at: tuple[int, ...]) -> Worked:
        t, i = at
        return products(self.g[t], self.weight[:, i])


@dataclass(frozen=True)
class Heads:
    """A projection of x (T, C) into heads, weight (C, C), turned by position if cos, sin (T, D/2) are given.

    g (H, T, D).
    """

    g: Array
    x: Array
    weight: Array
    cos: Array | None = None
    sin: Array | None = None

    @property
    def flat(self) -> Linear:
        """The same as a linear map whose gradient has been turned back, channels of all heads side by side."""
        g = self.g
        if self.cos is not None and self.sin is not None:
            even, odd = g[..., 0::2], g[..., 1::2]
            pairs = [even * self.cos + odd * self.sin, odd * self.cos - even * self.sin]
            g = np.stack(pairs, -1).reshape(g.shape)
        return Linear(g.transpose(1, 0, 2).reshape(len(self.x), -1), self.x, self.weight)

    def leaves(self) -> dict[str, Array]:
        return self.flat.leaves()

    def worked(self, name: str, at: tuple[int, ...]) -> Worked:
        return self.flat.worked(name, at)


@dataclass(frozen=True)
class Output:
    """The heads (H, T, D) side by side through weight (C, C); g (T, C)."""

    g: Array
    heads: Array
    weight: Array

    @property
    def flat(self) -> Linear:
        """The same on (T, C)."""
        return Linear(self.g, self.heads.transpose(1, 0, 2).reshape(len(self.g), -1), self.weight)

    def leaves(self) -> dict[str, Array]:
        H, T, D = self.heads.shape
        flat = self.flat.leaves()
        return {"heads": flat["x"].reshape(T, H, D).transpose(1, 0, 2), **{n: flat[n] for n in ("weight", "bias")}}

    def worked(self, name: str, at: tuple[int, ...]) -> Worked:
        h, t, d = at
        return products(self.g[t], self.weight[:, h * self.heads.shape[2] + d])


@dataclass(frozen=True)
class Norm:
    """y = x̂ · weight + bias, x̂ = (x − μ) / σ over channels (Ba et al. 2016): x, g (T, C)."""

    g: Array
    x: Array
    weight: Array
    epsilon: float

    @property
    def deviation(self) -> Array:
        """σ with its ε, (T, 1)."""
        return np.sqrt(self.x.var(-1, keepdims=True) + self.epsilon)

    @property
    def normed(self) -> Array:
        """x̂ (T, C)."""
        return (self.x - self.x.mean(-1, keepdims=True)) / self.deviation

    def leaves(self) -> dict[str, Array]:
        x, g = self.normed, self.g * self.weight
        back = (g - g.mean(-1, keepdims=True) - x * (g * x).mean(-1, keepdims=True)) / self.deviation
        return {"x": back, "weight": (self.g * x).sum(0), "bias": self.g.sum(0)}

    def worked(self, name: str, at: tuple[int, ...]) -> Worked:
        t, c = at
        x, g, deviation = self.normed[t], (self.g * self.weight)[t], float(self.deviation[t, 0])
        mean, along = float(g.mean()), float((g * x).mean())
        text = f"({number(g[c])} − {factor(mean)} − {factor(x[c])}·{factor(along)}) / {number(deviation)}"
        return text, float((g[c] - mean - x[c] * along) / deviation)


@dataclass(frozen=True)
class Scores:
    """s = scale · q kᵀ + mask: q (H, Q, D), k (H, K, D), g (H, Q, K)."""

    g: Array
    q: Array
    k: Array
    scale: float

    def leaves(self) -> dict[str, Array]:
        return {"q": self.scale * self.g @ self.k, "k": self.scale * self.g.swapaxes(1, 2) @ self.q}

    def worked(self, name: str, at: tuple[int, ...]) -> Worked:
        h, t, d = at
        pairs = (self.g[h, t], self.k[h, :, d]) if name == "q" else (self.g[h, :, t], self.q[h, :, d])
        text, value = products(*pairs)
        return f"{number(self.scale)} · ({text})", self.scale * value


@dataclass(frozen=True)
class Softmax:
    """p = softmax(z) along the last axis; g and p of one shape."""

    g: Array
    p: Array

    def leaves(self) -> dict[str, Array]:
        return {"z": self.p * (self.g - (self.p * self.g).sum(-1, keepdims=True))}

    def worked(self, name: str, at: tuple[int, ...]) -> Worked:
        p, g = float(self.p[at]), float(self.g[at])
        mean = float((self.p[at[:-1]] * self.g[at[:-1]]).sum())
        return f"{number(p)} · ({number(g)} − {factor(mean)})", p * (g - mean)


@dataclass(frozen=True)
class Weighed:
    """out = gain · A v: A (H, Q, K), v (H, K, D), gain (H,) of 1 or 0, g (H, Q, D)."""

    g: Array
    pattern: Array
    v: Array
    gain: Array

    def leaves(self) -> dict[str, Array]:
        g = self.g * self.gain[:, None, None]
        return {"pattern": g @ self.v.swapaxes(1, 2), "v": self.pattern.swapaxes(1, 2) @ g}

    def worked(self, name: str, at: tuple[int, ...]) -> Worked:
        h, t, i = at
        g = self.g * self.gain[:, None, None]
        return products(g[h, t], self.v[h, i]) if name == "pattern" else products(self.pattern[h, :, t], g[h, :, i])


@dataclass(frozen=True)
class Add:
    """x + y, or y alone: g goes to each unchanged."""

    g: Array

    def leaves(self) -> dict[str, Array]:
        return {"x": self.g, "y": self.g}

    def worked(self, name: str, at: tuple[int, ...]) -> Worked:
        return "1 · " + factor(float(self.g[at])), float(self.g[at])


@dataclass(frozen=True)
class Positions:
    """x + P: g goes to x unchanged, and to the rows of P (context, C) if they are learned."""

    g: Array
    context: int

    def leaves(self) -> dict[str, Array]:
        table = np.zeros((self.context, self.g.shape[1]))
        table[: len(self.g)] = self.g
        return {"x": self.g, "table": table}

    worked = Add.worked


@dataclass(frozen=True)
class Activation:
    """a = f(x), each channel by itself; `name` is that of f in SLOPES."""

    g: Array
    x: Array
    name: str

    def leaves(self) -> dict[str, Array]:
        return {"x": self.g * SLOPES[self.name](self.x)}

    def worked(self, name: str, at: tuple[int, ...]) -> Worked:
        slope = float(SLOPES[self.name](self.x[at]))
        return f"{number(self.g[at])} · {factor(slope)}", float(self.g[at] * slope)


@dataclass(frozen=True)
class Embedding:
    """Row tokens[t] of the table (V, C); g (T, C)."""

    g: Array
    tokens: Array
    vocabulary: int

    def leaves(self) -> dict[str, Array]:
        table = np.zeros((self.vocabulary, self.g.shape[1]))
        np.add.at(table, self.tokens, self.g)
        return {"table": table}

    def worked(self, name: str, at: tuple[int, ...]) -> Worked:
        token, c = at
        rows = self.g[self.tokens == token, c]
        return listed([number(value) for value in rows], rows), float(rows.sum())


@dataclass(frozen=True)
class CrossEntropy:
    """L = mean of −ln p[t, target[t]] over the n predicted positions; target −1 elsewhere. p (T, V)."""

    p: Array
    targets: Array

    @property
    def predicted(self) -> Array:
        """The predicted positions, in order."""
        return np.flatnonzero(self.targets >= 0)

    def leaves(self) -> dict[str, Array]:
        back, t = np.zeros_like(self.p), self.predicted
        with np.errstate(divide="ignore"):
            back[t, self.targets[t]] = -1 / (len(t) * self.p[t, self.targets[t]])
        return {"p": back}

    def worked(self, name: str, at: tuple[int, ...]) -> Worked:
        t, v = at
        if v != self.targets[t]:
            return "0", 0.0
        n, p = len(self.predicted), float(self.p[at])
        return f"−1 / ({n} · {number(p)})", float(-1 / (n * p)) if p else -np.inf


def softmax(z: Array) -> Array:
    """e^z over its sum along the last axis."""
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def logits_gradient(p: Array, targets: Array) -> Array:
    """(p − onehot(y)) / n at the predicted positions, 0 elsewhere: softmax and cross-entropy together. p (T, V)."""
    predicted = np.flatnonzero(targets >= 0)
    back = np.zeros_like(p)
    back[predicted] = p[predicted]
    back[predicted, targets[predicted]] -= 1
    return back / max(1, len(predicted))
