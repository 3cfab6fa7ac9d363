"""Writing: the next token at every stage of a sampler, a text that was written, and one that another model drafted.

V vocabulary, N tokens written.
"""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class NextToken(Record, of="writing.text.next_token"):
    """The logits of what comes after an input.

    source: what an encoder read, as one reads it; "" if there is none.   tokens: what was read.   cut: how many tokens
    before it were not, as they are more than the context.   seen: the tokens (T,) by number.   symbols: the V tokens of
    the vocabulary.   logits (V,), float32.
    """

    step: int
    source: str
    tokens: list[str]
    cut: int
    seen: Array
    symbols: list[str]
    logits: Array


@dataclass(frozen=True)
class Text(Record, of="writing.text.text"):
    """A text that was written.

    prompt: what was given, as tokens.   tokens: the N written.   bits, rank (N,): the surprisal of each by the model's
    own probabilities, and its rank.   leading (N, L): the likeliest tokens at each place, by number, with p (N, L) of
    the model and sampled (N, L) after all stages.   forced: the places where a token was chosen by hand.   verdict: on
    its syntax, "" if the task has none.   prompt_text, text: both as one reads them.
    """

    step: int
    prompt: list[str]
    tokens: list[str]
    numbers: Array
    bits: Array
    rank: Array
    leading: Array
    p: Array
    sampled: Array
    forced: list[int]
    symbols: list[str]
    prompt_text: str
    text: str
    verdict: str


@dataclass(frozen=True)
class Why(Record, of="writing.text.why"):
    """Which of N input tokens made a written token likely, in nats.

    tokens: the input, the source first.   token: the written one, with its log p.   gradient (N,): gradient × input.
    ablation (N,): what log p loses where the embedding of one token is 0.
    """

    step: int
    tokens: list[str]
    token: str
    log_p: float
    gradient: Array
    ablation: Array


@dataclass(frozen=True)
class Speed(Record, of="writing.speed.speed"):
    """How fast a model writes: tokens a second at each of L lengths of a text, the median of several rounds.

    cached (L,): with the cache of what it has read, NaN for a model that has none.
    plain (L,): reading all tokens again each time.
    context: of the model; no length is longer.
    """

    step: int
    lengths: list[int]
    cached: Array
    plain: Array
    context: int


@dataclass(frozen=True)
class TreeHistory(Record, of="writing.history.tree_history"):
    """The entropy of the tree at N snapshots.

    bits (N,): of the next token, the mean over the nodes that the tree goes on from, each by its probability.
    """

    step: int
    steps: Array
    bits: Array


@dataclass(frozen=True)
class ParseHistory(Record, of="writing.history.parse_history"):
    """The share of samples that are Python at N snapshots.

    share (N,): of `samples` texts of `length` tokens each, whether their whole lines are Python by its grammar.
    code: the same of held-out code that is cut the same way.   letters: of tokens drawn by their frequency.
    """

    step: int
    steps: Array
    share: Array
    code: float
    letters: float
    samples: int
    length: int


@dataclass(frozen=True)
class Secret(Record, of="writing.secrets.secret"):
    """How well a model knows a number.

    before: what it has read then.   rank: the number's among all `candidates`, numbers of as many digits, from 1.
    exposure: log₂ of candidates over rank, in bits.   p: its probability.   likeliest, likeliest_p: of the first one.
    """

    step: int
    before: str
    number: str
    rank: int
    exposure: float
    candidates: int
    p: float
    likeliest: str
    likeliest_p: float


@dataclass(frozen=True)
class Speculation(Record, of="writing.speculative.speculation"):
    """A text, token by token.

    prompt_text: what it goes on from, as one reads it.   symbols: the V tokens of the vocabulary.   numbers (N,): the
    tokens.   passes (N,): in which pass of the large model each was written.   drafts (N,): what the draft had there,
    −1 for nothing.   accepted (N,): whether that was accepted.   at (N,): the random number that decided.
    p, q (N, V), float32: the probabilities of the model and of the draft; q is 0 where nothing was drafted.
    """

    step: int
    prompt_text: str
    symbols: list[str]
    numbers: Array
    passes: Array
    drafts: Array
    accepted: Array
    at: Array
    p: Array
    q: Array


@dataclass(frozen=True)
class Saving(Record, of="writing.speculative.saving"):
    """What a draft of k tokens each time saves.

    passes: of the model over `texts` texts, and the tokens `written` by them.   checked: drafted tokens that were
    accepted or rejected, and how many were accepted.   overlap: the mean of Σ min(p, q) over these, which is what the
    share of accepted ones is to be.   drafted, plain (texts,): seconds a token, with the draft and without, in pairs.
    cost: seconds of one token of the draft over one of the model.
    """

    step: int
    k: int
    texts: int
    passes: int
    checked: int
    accepted: int
    overlap: float
    written: int
    drafted: Array
    plain: Array
    cost: float
