"""Tasks on text: a decoder predicts the next token, an encoder hidden ones.

B batch, T = model.context, N tokens of the whole text. The last tenth of the text is held out.
"""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor

from explorer.measure.names import plural
from explorer.measure.symbols import by_code
from explorer.tasks import corpus
from explorer.tasks import fields as f
from explorer.tasks.base import IGNORE, Batch, Opening, SplitTask, Vocabulary
from explorer.tasks.cache import Entry, cached
from explorer.tasks.corpus import Corpus
from explorer.tasks.tokenizer import TOKENIZERS, Tokenizer, visible
from models.config import limits
from models.families import kind_of

HIDDEN_SHARE = 0.15  # of an encoder's input
SEEN_AS_MASK, SEEN_AS_ANY = 0.8, 0.1  # of what is hidden in the task fill; the rest is seen as it is
MASK = "▢"
LONGEST, DEEPEST = 20_000, 60  # characters and brackets of a text that is parsed


@dataclass(frozen=True)
class Encoded:
    """tokens (N,) int16, of the text that `fingerprint` names."""

    tokens: Tensor
    tokenizer: Tokenizer
    fingerprint: str


@lru_cache(maxsize=8)
def encoded(source: Corpus, kind: str, size: int) -> Encoded:
    """A corpus in tokens, from memory, from disk or newly made. `size` is that of a BPE vocabulary, else 0."""

    def make() -> Entry:
        text = source.read()
        tokenizer = TOKENIZERS[kind].trained(text, size)
        about = {"tokenizer": tokenizer.saved, "fingerprint": corpus.fingerprint(text)}
        return Entry({"tokens": tokenizer.tokens(text)}, about)

    entry = cached("text", f"{source.stamp} {kind} {size}", make)
    tokenizer = TOKENIZERS[kind](entry.about["tokenizer"])
    return Encoded(torch.from_numpy(entry.arrays["tokens"]), tokenizer, entry.about["fingerprint"])


class TextTask(SplitTask):
    """Windows of T tokens from a text, gathered by one index.

    A decoder predicts the token after each. An encoder predicts 15 % of the tokens, which it sees as `▢` (after Devlin
    et al. 2019, §3.1; there a fifth of them stay or become random, as in the task `Fill`).
    """

    def __init__(self, fields: Any, model: Any):
        of_fields = f.TASKS[fields.name].corpus
        assert of_fields is not None
        source, self.reads = of_fields(fields), kind_of(model).reads
        if self.reads == "source":
            raise ValueError(
                f"model.kind={model.kind} has nothing to translate in task.name={fields.name}; "
                "use model.kind=decoder, or task.name=dates"
            )
        self.corpus, self.length = source.title, model.context
        self.least = int(limits(type(model))["context"][0])
        size = fields.bpe_size if fields.tokenizer == "bpe" else 0
        text = encoded(source, fields.tokenizer, size)
        self.data, self.tokenizer, self.fingerprint = text.tokens, text.tokenizer, text.fingerprint
        cut = len(self.data) - len(self.data) // 10
        self.splits = {"trained": (0, cut), "held out": (cut, len(self.data))}
        self.check_length(len(self.data))
        self.offsets = torch.arange(self.length + 1)
        self.mask = len(self.tokenizer.pieces)
        symbols = tuple(map(visible, self.tokenizer.pieces))
        self.vocabulary = Vocabulary((*symbols, MASK) if self.reads == "in place" else symbols)
        self.chance = float(self.data[cut:].int().bincount().max() / (len(self.data) - cut))

    def check_length(self, tokens: int) -> None:
        """ValueError if the held-out tenth is too short for two windows."""
        held_out, least = tokens // 10, self.least
        if held_out >= self.length + 2:
            return
        if held_out < least + 2:
            raise ValueError(
                f"the text has {tokens:,} token{plural(tokens)} only, too few to hold a tenth out; "
                f"use a text of at least {10 * (self.length + 2)} tokens"
            )
        raise ValueError(
            f"model.context={self.length} is longer than the text's {held_out} held-out tokens allow; "
            f"use model.context={held_out - 2} or a text of at least {10 * (self.length + 2)} tokens"
        )

    @property
    def prompt(self) -> Tensor | None:
        """The start of a line, (1, 1), or the first held-out token of a text without lines."""
        if self.reads == "in place":
            return None
        start = self.splits["held out"][0]
        first = [self.tokenizer.pieces.index(b"\n")] if b"\n" in self.tokenizer.pieces else self.data[[start]]
        return torch.as_tensor(first).long()[None]

    def draw(self, split: str, size: int, generator: torch.Generator) -> Batch:
        """`size` windows that lie in one split, targets included."""
        window = self.windows(split, size, generator)
        if self.reads == "onward":
            return Batch(window[:, :-1], window[:, 1:])
        hide = max(1, round(HIDDEN_SHARE * self.length))
        order = torch.rand(size, self.length, generator=generator)
        return self.hidden(window[:, :-1], order.topk(hide).indices)

    def windows(self, split: str, size: int, generator: torch.Generator) -> Tensor:
        """`size` stretches of one split, (B, T + 1)."""
        low, high = self.splits[split]
        start = torch.randint(low, high - self.length, (size, 1), generator=generator)
        return self.data[start + self.offsets].long()

    def unhidden(self, batch: Batch) -> Tensor:
        """The text of a batch, (B, T), with what was hidden in it."""
        return batch.tokens if self.reads == "onward" else batch.tokens.where(batch.targets == IGNORE, batch.targets)

    def hidden(self, tokens: Tensor, where: Tensor) -> Batch:
        """Tokens (B, T) with those at `where` (B, k) hidden, as targets."""
        targets = torch.full_like(tokens, IGNORE).scatter(1, where, tokens.gather(1, where))
        return Batch(tokens.scatter(1, where, self.mask), targets)

    def tokens_of(self, text: str) -> Tensor:
        """The tokens (1, T) of a text. ValueError names the characters that the model does not know."""
        unknown = self.tokenizer.unknown(text)
        if unknown:
            names = ", ".join(f"'{by_code(c)}'" for c in unknown[:12])
            raise ValueError(
                f"the model does not know {names}; leave them out: it knows the {self.mask:,} characters it read"
            )
        return torch.from_numpy(self.tokenizer.tokens(text)).long()[None] if text else torch.empty(1, 0).long()

    def opening(self, text: str | None = None) -> Opening:
        """A text of any length, or the task's own prompt; what fills gaps does not write on."""
        if self.prompt is None:
            raise ValueError("this model fills gaps in a text and does not write on; train a decoder on the text")
        return Opening(self.tokens_of(text) if text else self.prompt)

    def encode(self, text: str) -> Batch:
        """A decoder predicts each next token, an encoder every seventh."""
        tokens = self.tokens_of(text)
        if not 2 <= tokens.shape[1] <= self.length:
            raise ValueError(
                f"the input has {tokens.shape[1]:,} token{plural(tokens.shape[1])} and this model reads 2 to "
                f"{self.length}; "
                f"type at {'least 2' if tokens.shape[1] < 2 else f'most {self.length}'}"
            )
        if self.reads == "in place":
            return self.hidden(tokens, torch.arange(1, tokens.shape[1], 7)[None])
        nothing = torch.full((1, 1), IGNORE)
        return Batch(tokens, torch.cat([tokens[:, 1:], nothing], 1))

    def readable(self, tokens: Tensor | list[int]) -> str:
        pieces = (*self.tokenizer.pieces, MASK.encode())
        return b"".join(pieces[int(t)] for t in tokens).decode(errors="replace")

    spelled = readable

    def sample(self, batch: Batch, row: int = 0) -> str:
        """The text itself, with an encoder's hidden tokens marked."""
        read = self.readable(batch.tokens[row])
        predicted = batch.targets[row][batch.targets[row] != IGNORE]
        return f"{read} → {self.readable(predicted)}" if self.reads == "in place" else read


class Fill(TextTask):
    """To b▢, or n▢t to be -> e o

    The masked language model of Devlin et al. 2019, §3.1: 15 % of the tokens are predicted. Of these 80 % are seen as
    `▢`, 10 % as a token drawn from all, each as likely as any other, and 10 % as they are. As in their code the 15 %
    are exact in each row and the rest is a chance for each token.
    """

    def __init__(self, fields: f.Fill, model: Any):
        super().__init__(fields, model)
        if self.reads != "in place":
            raise ValueError(
                f"model.kind={model.kind} does not see what comes after a gap, which task.name=fill asks about; "
                "use model.kind=encoder, or task.name=shakespeare"
            )

    def draw(self, split: str, size: int, generator: torch.Generator) -> Batch:
        batch = super().draw(split, size, generator)
        chance = torch.rand(batch.tokens.shape, generator=generator)
        anything = torch.randint(self.mask, batch.tokens.shape, generator=generator)
        predicted, whole = batch.targets != IGNORE, self.unhidden(batch)
        tokens = torch.where(predicted & (chance >= SEEN_AS_MASK), anything, batch.tokens)
        return Batch(torch.where(predicted & (chance >= SEEN_AS_MASK + SEEN_AS_ANY), whole, tokens), batch.targets)


class Python(TextTask):
    """for i in rang -> e"""

    def verdict(self, text: str) -> str:
        if self.accepts(text):
            return "Its whole lines parse as Python."
        if not text.rpartition("\n")[0].strip():
            return "It has no whole line of code yet."
        return "Its whole lines do not parse as Python yet."

    @classmethod
    def accepts(cls, text: str) -> bool:
        """Whether the whole lines of a text are Python, and there is one; its last line may have been cut off."""
        whole = text.rpartition("\n")[0]
        return bool(whole.strip()) and cls.parses(whole)

    @staticmethod
    def parses(text: str) -> bool:
        """Whether the text is a complete Python module by its grammar. It is parsed and never run.

        Text that is long or deeply nested is refused: a parser's memory is not a visitor's to fill.
        """
        depth = max(accumulate((bracket in "([{") - (bracket in ")]}") for bracket in text), default=0)
        if len(text) > LONGEST or depth > DEEPEST:
            return False
        try:
            with warnings.catch_warnings(action="ignore"):
                ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
        return True


class Tunes(TextTask):
    """K:G G2B d2 -> B"""

    @property
    def prompt(self) -> Tensor | None:
        """The first line of a tune."""
        return None if self.reads == "in place" else self.tokens_of("X:1\n")
