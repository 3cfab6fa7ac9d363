"""Dates from English into another language, as babel writes them, with the true alignment.

B batch, T target position, S source position; tokens are characters.
"""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

from explorer.measure.symbols import by_code
from explorer.tasks import fields as f
from explorer.tasks.answering import PAD, SPECIAL, Answering, laid_out
from explorer.tasks.base import Batch, SplitTask, Vocabulary, something
from explorer.tasks.date_templates import DIGIT, ENGLISH, YEAR_MARK, templates, with_year
from models.families import kind_of

WORDS = {"ja": "char", "zh": "zh"}  # sacrebleu's tokenizer where words are not set apart by spaces


class Dates(SplitTask, Answering):
    """Tuesday, March 4, 1997 -> mardi 4 mars 1997

    The weekday is translated if the source has one. A tenth of the days from 1900 to 2060 is held out, in all patterns.
    """

    metric = "share of characters right"

    def __init__(self, fields: f.Dates, model: Any):
        if kind_of(model).reads == "in place":
            raise ValueError(
                f"model.kind={model.kind} cannot do task.name=dates, a translation is longer or shorter than its "
                "source; use model.kind=encoder-decoder or decoder"
            )
        self.reads, self.language = kind_of(model).reads, fields.language
        self.words = WORDS.get(fields.language, self.words)
        self.table = table = templates(fields.language)
        self.vocabulary = Vocabulary(table.symbols, pad=PAD)
        S, self.longest = table.source.shape[2], table.target.shape[2]
        self.length = S + self.longest if self.reads == "onward" else max(S, self.longest)
        order = torch.randperm(len(table.year), generator=torch.Generator().manual_seed(0))
        hold = len(order) // 10
        self.splits = {"held out": order[:hold], "trained": order[hold:]}
        self.chance = self.most_frequent()

    def most_frequent(self) -> float:
        """The share right of always predicting the most frequent token at each position of a target.

        Exact: it counts all training days, in every pattern, by their pairing P and the digits of their year.
        """
        table, days = self.table, self.splits["trained"]
        P, T, V = *table.target.shape[1:], len(self.vocabulary)
        pairing, year = table.pairing[days], table.year[days]
        often = pairing.bincount(minlength=P).double()  # (P,) days
        digits = [(pairing * 10 + year // 10 ** (3 - k) % 10).bincount(minlength=10 * P).view(P, 10) for k in range(4)]
        counts = torch.zeros(T, V, dtype=torch.float64)
        for t in range(T):
            tokens, marks = table.target[:, :, t].long(), table.target_marks[:, :, t]  # (F, P)
            weights = often * (marks < YEAR_MARK)
            counts[t] = tokens.flatten().bincount(weights.flatten(), V)
            for k, days_with in enumerate(digits):  # the year's k-th digit, counted over the patterns of a pairing
                counts[t, DIGIT : DIGIT + 10] += (marks == YEAR_MARK + k).sum(0).double() @ days_with.double()
        counts[:, PAD] = 0
        return float(counts.amax(1).sum() / counts.sum())

    def draw(self, split: str, size: int, generator: torch.Generator) -> Batch:
        """`size` days of one split, each in one of the patterns."""
        days = self.splits[split]
        day = days[torch.randint(len(days), (size,), generator=generator)]
        pattern = torch.randint(len(ENGLISH), (size,), generator=generator)
        return self.arrange(pattern, self.table.pairing[day], self.table.year[day])

    def dated(self, side: str, pattern: Tensor, pairing: Tensor, year: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens and marks (B, S or T) of dates given by (B,) each, no wider than the longest."""
        tokens = getattr(self.table, side)[pattern, pairing].long()
        marks = getattr(self.table, f"{side}_marks")[pattern, pairing].long()
        tokens = with_year(tokens, marks, year[:, None])
        longest = int((tokens != PAD).sum(1).max())
        return tokens[:, :longest], marks[:, :longest]

    def arrange(self, pattern: Tensor, pairing: Tensor, year: Tensor) -> Batch:
        """Dates given by (B,) each, as the input of this kind of model."""
        source, source_marks = self.dated("source", pattern, pairing, year)
        target, target_marks = self.dated("target", pattern, pairing, year)
        alignment = (target_marks[:, :, None] == source_marks[:, None]) & (target_marks > 0)[:, :, None]
        return laid_out(self.reads, source, target, alignment.float())

    def encode(self, text: str) -> Batch:
        something(text, "14 July 1789")
        text = " ".join(text.split())
        symbols = self.vocabulary.symbols[len(SPECIAL) :]
        unknown = sorted(set(text) - set(symbols))
        if unknown:
            names = by_code(", ".join(unknown[:12]))
            raise ValueError(f"the model does not know {names}; type a date such as 14 July 1789")
        year = re.search(r"\d{4}", text)
        source = self.table.source
        if year and len(text) <= source.shape[2]:
            typed = torch.zeros(source.shape[2], dtype=torch.long)
            typed[: len(text)] = torch.tensor([DIGIT + symbols.index(c) for c in text])
            dated = with_year(source.long(), self.table.source_marks.long(), torch.tensor(int(year[0])))
            matches = (dated == typed).all(-1).nonzero()  # without a weekday, any pairing of that day will do
            if len(matches):
                return self.arrange(matches[:1, 0], matches[:1, 1], torch.tensor([int(year[0])]))
        text = by_code(text[:40])
        raise ValueError(
            f"“{text}” is not a date as this model reads them; type one such as 14 July 1789, Mar 4, 1997 or "
            "Tuesday, March 4, 1997"
        )

    def readable(self, tokens: Tensor | list[int]) -> str:
        return "".join(self.vocabulary.symbols[int(t)] for t in tokens if int(t) >= DIGIT)
