"""What a model knows of facts, and what an edit of one changes. G groups of questions."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Record

ITSELF, ON_IT, SUBJECT, RELATION, ANY = (
    "the fact itself",
    "two steps through it",
    "same subject",
    "same relation, nearest",
    "at random",
)


@dataclass(frozen=True)
class Group:
    """Questions of one kind: how many, of which `examples` were asked.

    right: the share answered word for word.   majority: the share that always gives the answer that is most frequent
    in training for the relation that is asked.
    """

    name: str
    count: int
    examples: int
    right: float
    majority: float


@dataclass(frozen=True)
class Knowledge(Record, of="writing.facts.knowledge"):
    """What a model answers rightly, by whether it was said in training."""

    step: int
    groups: list[Group]


@dataclass(frozen=True)
class Near:
    """A question near to the one that is edited, or that one itself.

    group: how it is near.   watched: the answer that follows from the edit, of the fact and of what passes through it;
    of all others babel's.   before, after: what the model answers, the likeliest word each time.   p_before, p_after:
    the probability of the watched answer, all its words together.
    """

    group: str
    question: str
    watched: str
    before: str
    after: str
    p_before: float
    p_after: float


@dataclass(frozen=True)
class EditedFact(Record, of="writing.facts.edited"):
    """A fact taught anew to the weights of a step, and what becomes of its neighbours.

    losses: of the new answer before each step of the edit, in nats a word.   others: how many other facts said in
    training were asked; kept, kept_after: the share of them answered rightly before and after.   moved: ‖Δθ‖/‖θ‖.
    """

    step: int
    question: str
    answer: str
    losses: list[float]
    rows: list[Near]
    others: int
    kept: float
    kept_after: float
    moved: float
