"""Scores of heads over a run. N snapshots, H heads."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class HeadHistory(Record, of="heads.history"):
    """The scores of every self-attention head at the snapshots until a step, each with the settings in force there.

    steps (N,).   heads: their names.   scores: (N, H) by name: those on repeated sequences, the clearest line of each
    kind on the probe, and the entropy there.   chance: what even attention scores, (N, H), by name.   n: the length
    of the sequence that is repeated, 0 if the task's inputs are too short to repeat one.

    aligned: the heads that have an alignment to keep to, A of them, those of cross-attention where there is one.
    agreement, agreement_chance: (N, A), their attention on the aligned keys of the probe, and that of even attention.
    """

    step: int
    steps: Array
    heads: list[str]
    scores: dict[str, Array]
    chance: dict[str, Array]
    n: int
    aligned: list[str]
    agreement: Array
    agreement_chance: Array
