"""How a Transformer learns the order of its tokens: five ways, one small class each.

T position, C width, H heads, D = C / H. An encoding acts in one of three places: it adds a vector to the
embedding (`embed`), it turns queries and keys (`rotate`), or it adds to the scores (`bias`).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.config import ModelConfig
from models.layers import INIT_STD

BASE = 10000  # of the wavelengths: from 2π positions up to nearly 2π · BASE


class Positions(nn.Module):
    """No positions at all: a causal model still sees how many tokens came before, nothing else."""

    def __init__(self, config: ModelConfig, generator: torch.Generator):
        super().__init__()

    def embed(self, length: int) -> Tensor | None:
        """What is added to the embeddings, (T, C)."""
        return None

    def rotate(self, x: Tensor, start: int = 0) -> Tensor:
        """Queries or keys (B, H, T, D) of the positions from `start` on, as the scores shall see them."""
        return x

    def bias(self, length: int) -> Tensor | None:
        """What is added to the scores, (H, T, T)."""
        return None

    def reorder(self, order: Tensor) -> None:
        """From now on position t, of the first len(order), counts as what was position order[t]."""

    def widen(self) -> None:
        """Works the numbers of its formula out again in float64: a float32 number made longer is not more exact."""

    @classmethod
    def formula(cls, length: int, width: int, heads: int, base: float = BASE) -> Tensor | None:
        """By the formula alone: the table (T, C), the angles (T, pairs) or the bias (H, T, T); None if none is."""
        return None

    @classmethod
    def slopes(cls, heads: int) -> Tensor | None:
        """λ of each head, (H,), where the bias is −λ times the distance; None if it is another one, or none."""
        return None


class Learned(Positions):
    """One trained vector a position (Gehring et al. 2017; GPT-2)."""

    def __init__(self, config: ModelConfig, generator: torch.Generator):
        super().__init__(config, generator)
        table = torch.empty(config.context, config.width).normal_(0, INIT_STD, generator=generator)
        self.table = nn.Parameter(table)  # (context, C)

    def embed(self, length: int) -> Tensor:
        return self.table[:length]

    @torch.no_grad()
    def reorder(self, order: Tensor) -> None:
        self.table[: len(order)] = self.table[order]


class Sinusoidal(Positions):
    """PE[t, 2i] = sin(t / 10000^(2i/C)), PE[t, 2i+1] = cos of the same (Vaswani et al. 2017, §3.5).

    Scaled by the embeddings' own initial spread: a table of ones would drown embeddings of 0.02, the
    reason why the paper multiplies its embeddings by √C.
    """

    table: Tensor

    def __init__(self, config: ModelConfig, generator: torch.Generator):
        super().__init__(config, generator)
        table = sinusoid(config.context, config.width) * INIT_STD * 2**0.5
        self.register_buffer("table", table, persistent=False)  # a sinusoid's rms is 1/√2

    def embed(self, length: int) -> Tensor:
        return self.table[:length]

    def reorder(self, order: Tensor) -> None:
        self.table[: len(order)] = self.table[order]

    @classmethod
    def formula(cls, length: int, width: int, heads: int, base: float = BASE) -> Tensor:
        return sinusoid(length, width, base)

    def widen(self) -> None:
        length, width = self.table.shape
        self.table = sinusoid(length, width, dtype=torch.float64) * INIT_STD * 2**0.5


def angles(length: int, width: int, base: float = BASE, dtype: torch.dtype = torch.float32) -> Tensor:
    """t · base^(−2i/C) of position t and channel pair i, (T, ⌈C/2⌉)."""
    return torch.arange(length)[:, None] * base ** (-torch.arange(0, width, 2, dtype=dtype) / width)


def sinusoid(length: int, width: int, base: float = BASE, dtype: torch.dtype = torch.float32) -> Tensor:
    """The paper's table, (T, C); the last channel of an odd width is a sine without its cosine."""
    angle = angles(length, width, base, dtype)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :width]


class Rotary(Positions):
    """Turns channel pair i of position t by the angle t · 10000^(−2i/D) (Su et al. 2021, §3.2).

    The product of a turned query and a turned key depends on their distance alone.
    """

    cos: Tensor
    sin: Tensor

    def __init__(self, config: ModelConfig, generator: torch.Generator):
        super().__init__(config, generator)
        angle = angles(config.context, config.head_width)
        self.register_buffer("cos", angle.cos(), persistent=False)  # (context, D/2)
        self.register_buffer("sin", angle.sin(), persistent=False)

    def rotate(self, x: Tensor, start: int = 0) -> Tensor:
        cos, sin = self.cos[start : start + x.shape[2]], self.sin[start : start + x.shape[2]]
        even, odd = x[..., 0::2], x[..., 1::2]  # (B, H, T, D/2)
        return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)

    def reorder(self, order: Tensor) -> None:
        self.cos[: len(order)], self.sin[: len(order)] = self.cos[order], self.sin[order]

    @classmethod
    def formula(cls, length: int, width: int, heads: int, base: float = BASE) -> Tensor:
        return angles(length, width, base)

    def widen(self) -> None:
        length, pairs = self.cos.shape
        angle = angles(length, 2 * pairs, dtype=torch.float64)
        self.cos, self.sin = angle.cos(), angle.sin()


class Alibi(Positions):
    """Adds −slope · distance to each score (Press et al. 2022, §3); bidirectional stacks use |distance|."""

    table: Tensor

    def __init__(self, config: ModelConfig, generator: torch.Generator):
        super().__init__(config, generator)
        self.register_buffer("table", linear_biases(config.context, config.heads), persistent=False)

    def bias(self, length: int) -> Tensor:
        return self.table[:, :length, :length]

    def reorder(self, order: Tensor) -> None:
        T = len(order)
        self.table[:, :T, :T] = self.table[:, order][:, :, order]

    @classmethod
    def formula(cls, length: int, width: int, heads: int, base: float = BASE) -> Tensor:
        return linear_biases(length, heads)

    @classmethod
    def slopes(cls, heads: int) -> Tensor:
        return slopes(heads)

    def widen(self) -> None:
        heads, length, _ = self.table.shape
        self.table = linear_biases(length, heads, torch.float64)


def linear_biases(length: int, heads: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """−slope · |query − key| of each head, (H, T, T)."""
    t = torch.arange(length)
    return -slopes(heads, dtype)[:, None, None] * (t[:, None] - t[None, :]).abs()


def slopes(heads: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """ALiBi's slopes: 2^(−8h/H) for H a power of two; otherwise the paper's fill from the next one."""
    power = 2 ** (heads.bit_length() - 1)
    first = [2 ** (-8 * (h + 1) / power) for h in range(power)]
    between = [2 ** (-8 * (h + 1) / (2 * power)) for h in range(0, 2 * power, 2)]
    return torch.tensor(first + between[: heads - power], dtype=dtype)


POSITIONS: dict[str, type[Positions]] = {
    "none": Positions,
    "learned": Learned,
    "sinusoidal": Sinusoidal,
    "rotary": Rotary,
    "alibi": Alibi,
}
