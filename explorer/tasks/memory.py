"""Tasks that ask for what was read long ago: a copy after a delay, and which bracket is open.

B batch, T position, n symbols to remember.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.measure.names import plural
from explorer.tasks import fields as f
from explorer.tasks.base import IGNORE, Batch, Task, Vocabulary
from explorer.tasks.synthetic import LETTERS, SEPARATOR, letters
from models.families import kind_of

BLANK = "·"
PAIRS = ("()", "[]", "{}", "<>")


def reads_onward(name: str, model: Any) -> None:
    """ValueError for a model that sees what comes later: it would have nothing to remember."""
    if kind_of(model).reads != "onward":
        raise ValueError(
            f"model.kind={model.kind} sees the whole input at once, and task.name={name} asks what is remembered; "
            "use model.kind=decoder or lstm"
        )


class Delay(Task):
    """abc····| -> abc: n symbols, a number of blanks, a mark, and then the symbols once more.

    Each symbol has to be kept for n + delay tokens (after Hochreiter & Schmidhuber 1997, §5, and Arjovsky et al. 2016,
    §4.1; there the answer is not read back).
    """

    def __init__(self, fields: f.Delay, model: Any):
        reads_onward(fields.name, model)
        self.n, self.delay, self.symbols = fields.length, fields.delay, fields.symbols
        self.mixed = fields.delays == "mixed"
        self.vocabulary = Vocabulary((*LETTERS[: fields.symbols], BLANK, SEPARATOR))
        self.length = 2 * self.n + self.delay
        self.chance = 1 / fields.symbols

    def batch(self, size: int, generator: torch.Generator) -> Batch:
        x = torch.randint(self.symbols, (size, self.n), generator=generator)
        return self.arrange(x, torch.randint(self.delay + 1, (size, 1), generator=generator) if self.mixed else None)

    def arrange(self, x: Tensor, delays: Tensor | int | None = None) -> Batch:
        """Symbols (B, n) as sequences with targets.

        delays (B, 1): of each example; where one is shorter, the other blanks stand before the symbols.
        """
        tokens = x.new_full((len(x), self.length), self.symbols)
        first = self.delay - torch.as_tensor(self.delay if delays is None else delays)
        tokens.scatter_(1, (first + torch.arange(self.n)).expand(len(x), -1), x)
        tokens[:, self.n + self.delay] = self.symbols + 1
        tokens[:, self.n + self.delay + 1 :] = x[:, :-1]
        silent = x.new_full((len(x), self.n + self.delay), IGNORE)
        return Batch(tokens, torch.cat([silent, x], 1))

    def encode(self, text: str) -> Batch:
        x = letters(text, self.vocabulary.symbols[: self.symbols])
        if len(x) != self.n:
            raise ValueError(
                f"this model remembers {self.n} symbol{plural(self.n)} and the input has {len(x)}; type {self.n}"
            )
        return self.arrange(x[None])

    def sample(self, batch: Batch, row: int = 0) -> str:
        tokens = batch.tokens[row]
        answer = batch.targets[row, self.n + self.delay :]
        return f"{self.readable(tokens[: self.n + self.delay + 1])} → {self.readable(answer)}"


class Brackets(Task):
    """a ( b [ c ] -> after each token, the innermost bracket that is still open, or none.

    At each token a bracket is closed with chance 1/4 if one is open, a random one is opened with chance 1/4 if fewer
    than `depth` are, and else a letter comes. A sequence need not close what it opened.
    """

    TURN = 0.25
    LETTERS = "abcdefgh"

    def __init__(self, fields: f.Brackets, model: Any):
        reads_onward(fields.name, model)
        self.fields, self.length = fields, fields.length
        self.openers, self.closers = ([pair[i] for pair in PAIRS[: fields.kinds]] for i in (0, 1))
        self.vocabulary = Vocabulary((*self.openers, *self.closers, *self.LETTERS, BLANK))
        self.chance = self.of_guessing()

    def of_guessing(self) -> float:
        """The share right of saying at each position what is likeliest there: none, or one kind of bracket.

        The number of open brackets is a Markov chain, and each kind is as likely to be the innermost as any other.
        """
        depth, turn = self.fields.depth, self.TURN
        step = np.diag(np.full(depth, turn), 1) + np.diag(np.full(depth, turn), -1)
        step += np.diag(1 - step.sum(1))
        at, right = np.eye(depth + 1)[0], []
        for _ in range(self.length):
            at = at @ step
            right.append(max(at[0], (1 - at[0]) / self.fields.kinds))
        return float(np.mean(right))

    def batch(self, size: int, generator: torch.Generator) -> Batch:
        k, T, depth = self.fields.kinds, self.length, self.fields.depth
        turn = torch.rand(size, T, generator=generator)
        kind = torch.randint(k, (size, T), generator=generator)
        letter = torch.randint(len(self.LETTERS), (size, T), generator=generator) + 2 * k
        stack = torch.zeros(size, depth + 1, dtype=torch.long)  # the kinds that are open, the outermost first
        high, rows, tokens = torch.zeros(size, dtype=torch.long), torch.arange(size), letter
        for t in range(T):
            opens = (turn[:, t] < self.TURN) & (high < depth)
            closes = (turn[:, t] >= 1 - self.TURN) & (high > 0)
            innermost = stack[rows, (high - 1).clamp(min=0)]
            tokens[:, t] = torch.where(opens, kind[:, t], torch.where(closes, k + innermost, tokens[:, t]))
            stack[rows, high] = torch.where(opens, kind[:, t], stack[rows, high])
            high = high + opens.long() - closes.long()
        return self.arrange(tokens)

    def arrange(self, tokens: Tensor) -> Batch:
        """Sequences (B, T) with the innermost open bracket as the target of each position."""
        return Batch(tokens, torch.tensor([self.innermost(row) for row in tokens.tolist()]))

    def innermost(self, tokens: list[int]) -> list[int]:
        """What is open after each token. ValueError names the first bracket that closes none of its kind."""
        k, none = self.fields.kinds, len(self.vocabulary) - 1
        stack, answers = [], []
        for place, token in enumerate(tokens, 1):
            if token < k:
                stack.append(token)
            elif token < 2 * k and (not stack or stack.pop() != token - k):
                raise ValueError(
                    f"{self.closers[token - k]} at place {place} closes no innermost {self.openers[token - k]}; type "
                    "the one that closes what was opened last, or a letter"
                )
            answers.append(stack[-1] if stack else none)
        return answers

    def encode(self, text: str) -> Batch:
        tokens = letters(text, self.vocabulary.symbols[:-1])
        if not 1 <= len(tokens) <= self.length:
            raise ValueError(f"the input has {len(tokens)} symbols; type 1 to {self.length} that this model reads")
        return self.arrange(tokens[None])
