"""What word vectors say: neighbours, analogies, and which words stand near which. n words."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Neighbour:
    """A word near another. similar: cosine of their vectors.   count: how often it occurs in the text."""

    word: str
    similar: float
    count: int


@dataclass(frozen=True)
class Nearest(Record, of="words.nearest"):
    """The words most similar to one, the most similar first. count: how often the word itself occurs."""

    step: int
    word: str
    count: int
    rows: list[Neighbour]


@dataclass(frozen=True)
class Example:
    """A word with the words most similar to it."""

    word: str
    rows: list[Neighbour]


@dataclass(frozen=True)
class Examples(Record, of="words.samples"):
    """The nearest words of the task's examples."""

    step: int
    rows: list[Example]


@dataclass(frozen=True)
class Analogy(Record, of="words.analogy"):
    """What is to c as b is to a. rows: candidates, the best first.   given: a, b and c."""

    step: int
    rows: list[Neighbour]
    given: list[Neighbour]


@dataclass(frozen=True)
class Question:
    """A built-in question. words: a is to b as c is to d.   place: of the right answer, from 1, None past the tenth."""

    words: tuple[str, ...]
    place: int | None


@dataclass(frozen=True)
class Questions(Record, of="words.questions"):
    """The built-in questions whose words the run knows.

    built_in: how many there are in all.   chance: of the first place.   read: words of the text.   median: how often
    the questions' words occur.
    """

    step: int
    rows: list[Question]
    built_in: int
    chance: float
    read: int
    median: float


@dataclass(frozen=True)
class Association(Record, of="words.association"):
    """Whether the words of a first list lie nearer to one list of attributes, and those of a second to another.

    lists: the words of each that the run knows and that count, by first, second, one, other.   missing: words of any
    list that it does not know.   left_out: known words at the end of the longer list, or past the ninth.   leaning: s
    of each word of the first list and then of the second (n,).   effect: d, −2 to 2.   p: exact, of `splits` equal
    splits; p_exchanged: the same with the second list as the first.   null (m,): d of random words of the run in place
    of both lists.
    """

    step: int
    lists: dict[str, list[str]]
    missing: list[str]
    left_out: list[str]
    leaning: Array
    effect: float
    p: float
    p_exchanged: float
    splits: int
    null: Array


@dataclass(frozen=True)
class Matrix(Record, of="words.matrix"):
    """Words beside each other, in the text and as the model has it. Rows are read, columns stand near.

    comparable: whether the model's scores are meant to become the text's.   correlation: over `cells` cells, None where
    there are too few.   never: pairs that never meet.   zero: mean log x of GloVe, from which its scores are counted.
    counts (n, n): in the window.   text (n, n): what the score should be, −∞ of words that never meet.   model (n, n):
    the model's scores.
    """

    step: int
    words: list[str]
    kind: str
    comparable: bool
    correlation: float | None
    cells: int
    never: int
    zero: float
    counts: Array
    text: Array
    model: Array
