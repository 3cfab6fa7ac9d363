"""Tasks of random symbols: nothing to load, chance known exactly, every batch new.

B batch, T position, n symbols in one input. A decoder reads `input | output` in one sequence and predicts the output;
an encoder answers at each input position; an encoder-decoder reads the input as source.
"""

from __future__ import annotations

import string
from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor

from explorer.measure.names import plural
from explorer.measure.symbols import by_code
from explorer.tasks import fields as f
from explorer.tasks.base import IGNORE, Batch, SplitTask, Task, Vocabulary, something
from models.families import kind_of

LETTERS = string.ascii_lowercase + string.ascii_uppercase + string.digits
SEPARATOR = "|"


class Rewrite(Task):
    """Reads n symbols, predicts n symbols that are a function of them."""

    def __init__(self, fields: f.Reverse | f.Copy | f.Sort, model: Any):
        self.n, self.symbols, self.reads = fields.length, fields.symbols, kind_of(model).reads
        self.vocabulary = Vocabulary((*LETTERS[: fields.symbols], SEPARATOR))
        self.separator = fields.symbols
        self.length = 2 * self.n if self.reads == "onward" else self.n
        self.chance = 1 / fields.symbols

    @staticmethod
    @abstractmethod
    def answer(x: Tensor) -> Tensor:
        """The output (B, n) for an input (B, n)."""

    def batch(self, size: int, generator: torch.Generator) -> Batch:
        return self.arrange(torch.randint(self.symbols, (size, self.n), generator=generator))

    def arrange(self, x: Tensor) -> Batch:
        """Inputs (B, n) with their answers, as this kind of model reads them."""
        y = self.answer(x)
        start = torch.full((len(x), 1), self.separator)
        if self.reads == "in place":
            return Batch(x, y)
        if self.reads == "source":
            return Batch(torch.cat([start, y[:, :-1]], 1), y, source=x)
        silent = torch.full((len(x), x.shape[1]), IGNORE)
        return Batch(torch.cat([x, start, y[:, :-1]], 1), torch.cat([silent, y], 1))

    def links(self, batch: Batch) -> Tensor:
        """A symbol of the output comes from where it stands in the input; of equal ones from any."""
        x = (batch.tokens if batch.source is None else batch.source)[:, : self.n]
        partners = self.partners(x).float()  # (B, n, n)
        if self.reads != "onward":
            return partners
        whole = partners.new_zeros(len(x), 2 * self.n, 2 * self.n)
        whole[:, self.n :, : self.n] = partners
        return whole

    def partners(self, x: Tensor) -> Tensor:
        """Whether output t comes from input s, (B, n, n). The answer to the places says it, where these differ."""
        place = torch.arange(self.n).expand(len(x), -1)
        return self.answer(place)[:, :, None] == place[:, None]

    def encode(self, text: str) -> Batch:
        x = letters(text, self.vocabulary.symbols[:-1])
        if len(x) != self.n:
            raise ValueError(f"this model reads {self.n} symbols and the input has {len(x)}; type {self.n}")
        return self.arrange(x[None])


def letters(text: str, symbols: tuple[str, ...]) -> Tensor:
    """Tokens of a text without its spaces. ValueError names every unknown letter."""
    typed = [c for c in text if not c.isspace()]
    unknown = sorted(set(typed) - set(symbols))
    if unknown:
        in_order = "".join(symbols) in LETTERS
        alphabet = f"{symbols[0]} to {symbols[-1]} ({len(symbols)} symbols)" if in_order else " ".join(symbols)
        names = by_code(", ".join(unknown[:12]))
        raise ValueError(f"the model does not know {names}; it knows {alphabet}")
    return torch.tensor([symbols.index(c) for c in typed], dtype=torch.long)


class Reverse(Rewrite):
    """abc| -> cba"""

    answer = staticmethod(lambda x: x.flip(1))


class Copy(Rewrite):
    """abc| -> abc"""

    answer = staticmethod(lambda x: x)


class Sort(Rewrite):
    """cab| -> abc"""

    answer = staticmethod(lambda x: x.sort(1).values)

    def __init__(self, fields: f.Sort, model: Any):
        super().__init__(fields, model)
        self.chance = likeliest_ranks(self.n, self.symbols)

    def partners(self, x: Tensor) -> Tensor:
        return self.answer(x)[:, :, None] == x[:, None]


def likeliest_ranks(n: int, symbols: int) -> float:
    """The share right of always predicting, at each rank of n sorted draws, the likeliest symbol.

    Rank k is at most v where more than k draws are (order statistics, David & Nagaraja 2003, §2.1).
    """
    share = torch.arange(1, symbols, dtype=torch.float64)[:, None] / symbols  # of symbols up to v
    counts = torch.distributions.Binomial(n, share).log_prob(torch.arange(n)).exp()  # (symbols − 1, n)
    at_most = 1 - counts.cumsum(1)  # P(rank k ≤ v)
    ends = torch.zeros(1, n, dtype=torch.float64), torch.ones(1, n, dtype=torch.float64)
    return float(torch.cat([ends[0], at_most, ends[1]]).diff(dim=0).amax(0).mean())


class Induction(Task):
    """A random sequence of period p, repeated; p is drawn for each row, so only looking back reveals it.

    Predicted from the second repeated symbol on, since nobody can foresee that the first one starts a repetition.
    Olsson et al. 2022 call the circuit that learns this an induction head.
    """

    def __init__(self, fields: f.Induction, model: Any):
        if kind_of(model).reads != "onward":
            raise ValueError(f"model.kind={model.kind} cannot do task.name=induction; use model.kind=decoder")
        if not fields.shortest <= fields.longest < fields.length:
            raise ValueError(
                f"task.shortest={fields.shortest}, task.longest={fields.longest} and "
                f"task.length={fields.length} leave nothing to repeat; use shortest ≤ longest < length"
            )
        self.fields = fields
        self.vocabulary = Vocabulary(tuple(LETTERS[: fields.symbols]))
        self.length = fields.length
        self.chance = 1 / fields.symbols

    def batch(self, size: int, generator: torch.Generator) -> Batch:
        f_ = self.fields
        once = torch.randint(f_.symbols, (size, f_.longest), generator=generator)
        period = torch.randint(f_.shortest, f_.longest + 1, (size, 1), generator=generator)
        return self.arrange(once, period)

    def arrange(self, once: Tensor, period: Tensor) -> Batch:
        """The first period (B, ≥ p) and its length p (B, 1) as sequences with targets."""
        t = torch.arange(self.length + 1)
        sequence = once.gather(1, t % period)  # (B, T + 1)
        targets = sequence[:, 1:].masked_fill(t[1:] <= period, IGNORE)
        return Batch(sequence[:, :-1], targets)

    def encode(self, text: str) -> Batch:
        once = letters(text, self.vocabulary.symbols)
        if not 2 <= len(once) < self.length:
            raise ValueError(
                f"the input has {len(once)} symbol{plural(len(once))}; type 2 to {self.length - 1}, they will "
                "be repeated"
            )
        return self.arrange(once[None], torch.tensor([[len(once)]]))


class Addition(SplitTask):
    """a + b mod p: tokens `a b =`; only the sum is predicted (Power et al. 2022)."""

    metric = "share of sums right"

    def __init__(self, fields: f.Addition, model: Any):
        if kind_of(model).reads == "source":
            raise ValueError(f"model.kind={model.kind} cannot do task.name=addition; use decoder or encoder")
        self.p = p = fields.modulus
        self.vocabulary = Vocabulary((*map(str, range(p)), "="))
        self.length = 3
        self.chance = 1 / p
        order = torch.randperm(p * p, generator=torch.Generator().manual_seed(0))
        hold = min(max(1, round(p * p * fields.held_out)), p * p - 1)
        self.splits = {"held out": order[:hold], "trained": order[hold:]}

    def draw(self, split: str, size: int, generator: torch.Generator) -> Batch:
        """`size` pairs of one split."""
        pairs = self.splits[split]
        pair = pairs[torch.randint(len(pairs), (size,), generator=generator)]
        return self.arrange(pair // self.p, pair % self.p)

    def arrange(self, a: Tensor, b: Tensor) -> Batch:
        """Summands (B,) as sequences `a b =` with the sum predicted at `=`."""
        tokens = torch.stack([a, b, torch.full_like(a, self.p)], 1)
        targets = torch.full_like(tokens, IGNORE)
        targets[:, 2] = (a + b) % self.p
        return Batch(tokens, targets)

    def encode(self, text: str) -> Batch:
        something(text, "3 + 4")
        words = text.replace("+", " ").replace("=", " ").split()
        if len(words) != 2 or not all(w.isdecimal() and len(w) < 10 and int(w) < self.p for w in words):
            text = by_code(text[:40])
            raise ValueError(f"“{text}” is not two numbers below {self.p}; type something like 3 + 4")
        return self.arrange(*(torch.tensor([int(w)]) for w in words))
