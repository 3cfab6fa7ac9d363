"""Decoding: the one answer that is looked for among all that a model could give. Greedy, by a beam, and exactly.

A model is queried through a *scorer*: a function from N beginnings of answers, as tuples of tokens, to the
log-probabilities (N, V), float64, of what comes next. What is best stands in `Rules`, which all three ways follow.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

Array = np.ndarray
Tokens = tuple[int, ...]
Scorer = Callable[[Sequence[Tokens]], Array]
AT_ONCE = 64  # beginnings that the exact search asks the model for together
MOST_OPEN = 300_000  # beginnings that it keeps for later


@dataclass(frozen=True)
class Rules:
    """What an answer is, and which is the best.

    length: of the longest answer.   end: the token that ends one before that, None if none does.   alpha: of the length
    penalty; 0 has none.   block: no n-gram of this size comes twice; 0 blocks none.   prompt: the tokens before the
    answer, whose n-grams count too.
    """

    length: int
    end: int | None = None
    alpha: float = 0.0
    block: int = 0
    prompt: Tokens = ()

    def penalty(self, length: int) -> float:
        """((5 + n) / 6)^α, by which log p is divided (Wu et al. 2016, eq. 14)."""
        return float(((5 + length) / 6) ** self.alpha)

    def score(self, log_p: float, length: int) -> float:
        """What is made large: log p over the penalty of the length."""
        return log_p / self.penalty(length)

    def bound(self, log_p: float) -> float:
        """No answer with a beginning of this log p has a higher score, since log p only falls."""
        return log_p / self.penalty(self.length)

    def whole(self, tokens: Tokens) -> bool:
        """Whether it is an answer, and no beginning of one."""
        return len(tokens) >= self.length or tokens[-1:] == (self.end,)

    def blocked(self, tokens: Tokens) -> list[int]:
        """The tokens that would make an n-gram stand twice."""
        text, n = self.prompt + tokens, self.block
        if not n or len(text) + 1 < n:
            return []
        last = text[len(text) - n + 1 :]
        return sorted({text[i + n - 1] for i in range(len(text) - n + 1) if text[i : i + n - 1] == last})


@dataclass(frozen=True)
class Answer:
    """An answer: its tokens, with its end if it has one, log p in nats, and score."""

    tokens: Tokens
    log_p: float
    score: float


@dataclass(frozen=True)
class Candidate:
    """A token that a beam may go on with.

    parent: the place of the beam that it goes on from, in the step before.   p: of the token after that beginning.
    log_p: of all tokens together.   score: the same over the length penalty.   fate: "kept"; "finished", an answer;
    "pruned", others were better; "late", an end that was not among the best; "blocked", a repeated n-gram.
    """

    parent: int
    token: int
    p: float
    log_p: float
    score: float
    fate: str


@dataclass
class Search:
    """A beam search. steps: the candidates of each, the best first, as many as are shown.   answers: the best first."""

    steps: list[list[Candidate]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)


@dataclass(frozen=True)
class Exact:
    """The best answer met.   queried: beginnings that the model was queried about.   proved: none can be better."""

    answer: Answer
    queried: int
    proved: bool


def beam(score: Scorer, rules: Rules, width: int, shown: int = 0) -> Search:
    """Beam search (Sutskever et al. 2014, §3.2), with the candidates and the end of Transformers' one.

    In each step the best 2 · width candidates are looked at. Those of the first `width` that end an answer are
    finished; the best `width` of those that do not end one go on. It stops when `width` answers are finished and none
    that goes on can be better than the last of them. shown: candidates of each step that are given, if more.
    """
    search, most = Search(), max(shown, 2 * width)
    running: list[tuple[Tokens, float]] = [((), 0.0)]
    for length in range(1, rules.length + 1):
        steps, bans = score([tokens for tokens, _ in running]), [rules.blocked(tokens) for tokens, _ in running]
        sums = np.array([log_p for _, log_p in running])[:, None] + steps  # (beams, V)
        order = np.argsort(-sums, axis=None, kind="stable")
        candidates: list[Candidate] = []
        going: list[tuple[Tokens, float]] = []
        place = 0  # among those that are not blocked
        for parent, token in (divmod(int(i), sums.shape[1]) for i in order[: most + sum(map(len, bans))]):
            if place == most:
                break
            log_p, fate = float(sums[parent, token]), "pruned"
            tokens = (*running[parent][0], token)
            if token in bans[parent]:
                fate = "blocked"
            elif log_p > -np.inf:
                if rules.whole(tokens):
                    if place >= width:
                        fate = "late" if token == rules.end else "pruned"
                    else:
                        fate = "finished"
                        search.answers.append(Answer(tokens, log_p, rules.score(log_p, length)))
                elif len(going) < width and place < 2 * width:
                    fate = "kept"
                    going.append((tokens, log_p))
                place += 1
            p = float(np.exp(steps[parent, token]))
            candidates.append(Candidate(parent, token, p, log_p, rules.score(log_p, length), fate))
        search.steps.append(candidates)
        search.answers = sorted(search.answers, key=lambda one: -one.score)[:width]
        running = going
        if not running or (len(search.answers) == width and rules.bound(running[0][1]) <= search.answers[-1].score):
            break
    return search


def greedy(score: Scorer, rules: Rules) -> Answer:
    """The likeliest token each time."""
    tokens: Tokens = ()
    log_p = 0.0
    while not (tokens and rules.whole(tokens)):
        steps = score([tokens])[0].copy()
        steps[rules.blocked(tokens)] = -np.inf
        if np.isneginf(steps).all():
            break
        best = int(steps.argmax())
        tokens, log_p = (*tokens, best), log_p + float(steps[best])
    return Answer(tokens, log_p, rules.score(log_p, len(tokens)))


def exact(score: Scorer, rules: Rules, first: Answer | None, budget: int) -> Exact:
    """The best answer of all, by branch and bound (Stahlberg & Byrne 2019, §3), the most promising beginning first.

    first: an answer to begin with, such as a beam's; a beginning whose bound is no better is not gone on with.
    budget: beginnings that the model is queried about at most; after that the best so far is given, as not proved.
    """
    best = first if first is not None else Answer((), -np.inf, -np.inf)
    opened: list[tuple[float, float, Tokens]] = [(0.0, 0.0, ())]  # −bound, −log p, tokens
    queried = 0
    while opened and -opened[0][0] > best.score and queried < budget and len(opened) < MOST_OPEN:
        batch: list[tuple[Tokens, float]] = []
        while opened and len(batch) < min(AT_ONCE, budget - queried) and -opened[0][0] > best.score:
            _, log_p, tokens = heapq.heappop(opened)
            batch.append((tokens, -log_p))
        queried += len(batch)
        for (tokens, log_p), steps in zip(batch, score([tokens for tokens, _ in batch]), strict=True):
            sums = log_p + steps
            sums[rules.blocked(tokens)] = -np.inf
            for token in np.flatnonzero(sums / rules.penalty(rules.length) > best.score).tolist():
                longer, now = (*tokens, token), float(sums[token])
                if not rules.whole(longer):
                    heapq.heappush(opened, (-rules.bound(now), -now, longer))
                elif rules.score(now, len(longer)) > best.score:
                    best = Answer(longer, now, rules.score(now, len(longer)))
    return Exact(best, queried, not opened or -opened[0][0] <= best.score)


def within(**limits: tuple[float, float, float]) -> None:
    """ValueError names the first value that is out of its range; of each its value, least and most."""
    for name, (value, least, most) in limits.items():
        if not least <= value <= most:
            raise ValueError(f"{name}={value:g} is out of range; use {least:g} to {most:g}")
