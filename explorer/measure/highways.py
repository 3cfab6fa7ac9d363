"""Records of how a gradient splits on its way back, at a fork and in an attention. Norms are ‖·‖."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fork:
    """The junction `at`, where the stream forks into a skip path and the sublayer `through`.

    whole: ‖∂L/∂x‖.   skip, block: the norms of its two parts, which sum to it as vectors; skip is 0 in a model without
    residual connections.   cosine: between the two.
    """

    at: str
    through: str
    whole: float
    skip: float
    block: float
    cosine: float


@dataclass(frozen=True)
class RolePart:
    """The gradient through an attention's queries, keys or values.

    gradient: its norm there.   handed: the norm passed on.   share: its component along the whole, of 1.
    """

    gradient: float
    handed: float
    share: float


@dataclass(frozen=True)
class HeadPart:
    """The gradient through one head. out, pattern: its norms at output and pattern; the rest as in RolePart."""

    out: float
    pattern: float
    handed: float
    share: float


@dataclass(frozen=True)
class AttentionSplit:
    """The attention `at`. whole: ‖∂L/∂input‖ at what the queries read.   out: ‖∂L/∂output‖.

    Keys and values read it too, but for cross-attention, where they read the encoder: memory is the norm of what
    goes there, else 0.   parts: by queries, keys, values.   The shares of the parts that reach the input sum to 1,
    and so do the heads'.
    """

    at: str
    whole: float
    memory: float
    out: float
    parts: dict[str, RolePart]
    heads: list[HeadPart]
