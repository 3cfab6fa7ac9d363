"""How a Transformer learns the order of its tokens: five ways, one small class each.

T position, C width, H heads, D = C / H. An encoding acts in one of three places: it adds a vector to the
embedding (`embed`), it turns queries and keys (`rotate`), or it adds to the scores (`bias`).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.config import ModelConfig
from models.layers import INIT_STD


class Positions(nn.Module):
    """No positions at all: a causal model still sees how many tokens came before, nothing else."""

    def __init__(self, config: ModelConfig, generator: torch.Generator):
        super().__init__()

    def embed(self, length: int) -> Tensor | None:
        """What is added to the embeddings, (T, C)."""
        return None

    def rotate(self, x: Tensor) -> Tensor:
        """Queries or keys (B, H, T, D) as the scores shall see them."""
        return x

    def bias(self, length: int) -> Tensor | None:
        """What is added to the scores, (H, T, T)."""
        return None


class Learned(Positions):
    """One trained vector a position (Gehring et al. 2017; GPT-2)."""

    def __init__(self, config: ModelConfig, generator: torch.Generator):
        super().__init__(config, generator)
        table = torch.empty(config.context, config.width).normal_(0, INIT_STD, generator=generator)
        self.table = nn.Parameter(table)  # (context, C)

    def embed(self, length: int) -> Tensor:
        return self.table[:length]


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


def sinusoid(length: int, width: int) -> Tensor:
    """The paper's table, (T, C); the last channel of an odd width is a sine without its cosine."""
    angle = torch.arange(length)[:, None] * 10000 ** (-torch.arange(0, width, 2) / width)  # (T, ⌈C/2⌉)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :width]


class Rotary(Positions):
    """Turns channel pair i of position t by the angle t · 10000^(−2i/D) (Su et al. 2021, §3.2).

    The product of a turned query and a turned key depends on their distance alone.
    """

    cos: Tensor
    sin: Tensor

    def __init__(self, config: ModelConfig, generator: torch.Generator):
        super().__init__(config, generator)
        D = config.head_width
        angle = torch.arange(config.context)[:, None] * 10000 ** (-torch.arange(0, D, 2) / D)
        self.register_buffer("cos", angle.cos(), persistent=False)  # (context, D/2)
        self.register_buffer("sin", angle.sin(), persistent=False)

    def rotate(self, x: Tensor) -> Tensor:
        cos, sin = self.cos[: x.shape[2]], self.sin[: x.shape[2]]
        even, odd = x[..., 0::2], x[..., 1::2]  # (B, H, T, D/2)
        return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)


class Alibi(Positions):
    """Adds −slope · distance to each score (Press et al. 2022, §3); bidirectional stacks use |distance|."""

    table: Tensor

    def __init__(self, config: ModelConfig, generator: torch.Generator):
        super().__init__(config, generator)
        t = torch.arange(config.context)
        distance = (t[:, None] - t[None, :]).abs()
        self.register_buffer("table", -slopes(config.heads)[:, None, None] * distance, persistent=False)

    def bias(self, length: int) -> Tensor:
        return self.table[:, :length, :length]


def slopes(heads: int) -> Tensor:
    """ALiBi's slopes: 2^(−8h/H) for H a power of two; otherwise the paper's fill from the next one."""
    power = 2 ** (heads.bit_length() - 1)
    first = [2 ** (-8 * (h + 1) / power) for h in range(power)]
    between = [2 ** (-8 * (h + 1) / (2 * power)) for h in range(0, 2 * power, 2)]
    return torch.tensor(first + between[: heads - power])


POSITIONS: dict[str, type[Positions]] = {
    "none": Positions,
    "learned": Learned,
    "sinusoidal": Sinusoidal,
    "rotary": Rotary,
    "alibi": Alibi,
}
