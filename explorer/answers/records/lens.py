"""Through the layers. J junctions of the stream, T position, V vocabulary, N components."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Lens(Record, of="lens.lens"):
    """What the model would predict if it stopped at each junction, and how long the stream is there.

    junctions: by tap, J.   stack: such as "decoder.", "" if there is only one.   targets: T tokens, "" if there is
    none.   top: (J, T, ≤3) tokens, with top_p.   p, rank: of the target, norms: ‖x‖, (J, T).   vocabulary: V tokens.
    tokens, source: the input's tokens, and the encoder's.
    """

    step: int
    junctions: list[str]
    stack: str
    targets: list[str]
    top: list[list[list[str]]]
    vocabulary: list[str]
    tokens: list[str]
    source: list[str] | None
    top_p: Array
    p: Array
    rank: Array
    norms: Array


@dataclass(frozen=True)
class Attribution(Record, of="lens.attribution"):
    """Direct logit attribution of token a over token b at a position.

    b: "" for the mean of all.   guessed: there is no target, and a is the most likely token.   names: of the
    components, parts (N,): what each adds, in float64.   precision: what the model trains in.   difference: of the
    model's own logits.
    """

    step: int
    position: int
    guessed: bool
    a: str
    b: str
    names: list[str]
    parts: Array
    precision: str
    difference: float
