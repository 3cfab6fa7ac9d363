"""Facts: questions about territories, money, languages and cities, as babel has them, in one step and in two.

B batch, T target position, S source position, N questions. A token is a word.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import torch

from explorer.measure.symbols import by_code
from explorer.tasks import fields as f
from explorer.tasks.answering import END, PAD, SPECIAL, Answering, Listed, padded
from explorer.tasks.base import Batch, Vocabulary, something
from explorer.tasks.corpus import fingerprint

WHEN = date(2024, 1, 1)  # of which the currency is asked: one that is in use today would change with the day
UNSAID, APART = 10, 4  # of as many facts one is never said; of as many questions in two steps one is held out
SEEN, SEEN_TWO, HELD_OUT, NEVER = (
    "said in training, one step",
    "said in training, two steps",
    "held out, two steps whose parts were said",
    "never said, one step",
)
LONGEST_NAME = 4  # words
BRIDGE = "country"
MARK = "?"
EXAMPLE = "currency of Hungary ?"


@dataclass(frozen=True)
class Fact:
    """One fact: the `relation` of `subject` is `answer`. two_steps: it is that of the country of a city."""

    relation: str
    subject: str
    answer: str
    two_steps: bool = False

    @property
    def question(self) -> str:
        """As the model reads it."""
        of = f"the {BRIDGE} of {self.subject}" if self.two_steps else self.subject
        return f"{self.relation} of {of} {MARK}"


@lru_cache(maxsize=1)
def every() -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """What babel says: the relations of each territory by name, and the territory of each city.

    Names of more than four words are left out, and cities that are called as a territory is.
    """
    from babel import Locale
    from babel.core import get_global
    from babel.languages import get_official_languages
    from babel.numbers import get_territory_currencies

    english = Locale.parse("en")
    names = {code: name for code, name in english.territories.items() if len(code) == 2 and code.isalpha()}
    short = {code: name for code, name in names.items() if len(name.split()) <= LONGEST_NAME}
    about: dict[str, dict[str, str]] = {"currency": {}, "language": {}}
    for code, name in sorted(short.items()):
        if money := get_territory_currencies(code, WHEN, WHEN):
            about["currency"][name] = english.currencies[money[0]]
        if spoken := [c for c in get_official_languages(code, de_facto=True) if c in english.languages]:
            about["language"][name] = english.languages[spoken[0]]
    cities: dict[str, str] = {}
    for zone, code in sorted(get_global("zone_territories").items()):
        city = english.time_zones.get(zone, {}).get("city") or zone.rpartition("/")[2].replace("_", " ")
        if code in short and city not in names.values() and len(city.split()) <= LONGEST_NAME:
            cities.setdefault(city, short[code])
    return about, cities


@lru_cache(maxsize=1)
def groups() -> dict[str, tuple[Fact, ...]]:
    """Every question, by whether it is said in training.

    A tenth of the facts of each relation is never said, and no question in two steps of which a part is never said. Of
    those whose two parts are said, a quarter is held out.
    """
    about, cities = every()
    generator = torch.Generator().manual_seed(0)
    single = {relation: [Fact(relation, s, a) for s, a in facts.items()] for relation, facts in about.items()}
    single[BRIDGE] = [Fact(BRIDGE, city, territory) for city, territory in cities.items()]
    result: dict[str, list[Fact]] = {SEEN: [], SEEN_TWO: [], HELD_OUT: [], NEVER: []}
    for facts in single.values():
        order = torch.randperm(len(facts), generator=generator).tolist()
        cut = len(facts) // UNSAID
        result[NEVER] += [facts[n] for n in sorted(order[:cut])]
        result[SEEN] += [facts[n] for n in sorted(order[cut:])]
    trained = set(result[SEEN])
    chains = [
        Fact(relation, city, facts[territory], two_steps=True)
        for relation, facts in about.items()
        for city, territory in cities.items()
        if Fact(BRIDGE, city, territory) in trained
        and territory in facts
        and Fact(relation, territory, facts[territory]) in trained
    ]
    order = torch.randperm(len(chains), generator=generator).tolist()
    cut = len(chains) // APART
    result[HELD_OUT] = [chains[n] for n in sorted(order[:cut])]
    result[SEEN_TWO] = [chains[n] for n in sorted(order[cut:])]
    return {name: tuple(facts) for name, facts in result.items()}


class Facts(Listed):
    """currency of Hungary ? -> Hungarian Forint

    In one step (currency or language of a territory, country of a city) and in two (currency of the country of Warsaw).
    Training draws from what is said, each question as likely as any other. held_out has the questions in two steps
    that were never asked while both their parts were; what is never said at all cannot be answered, and is apart.
    chance: of the share of words right over what is said, by what stands most often at each place of an answer.
    """

    metric = "share of words right"
    corpus = "territories, currencies, languages and cities, as babel has them"

    def __init__(self, fields: f.Facts, model: Any):
        super().__init__(model, "facts", "whose answers have several words")
        self.facts = [fact for group in groups().values() for fact in group]
        self.group = [name for name, group in groups().items() for _ in group]
        self.number = {fact.question: n for n, fact in enumerate(self.facts)}
        words = Counter(word for fact in self.facts for word in f"{fact.question} {fact.answer}".split())
        self.vocabulary = Vocabulary((*SPECIAL, *sorted(words)), pad=PAD)
        self.fingerprint = fingerprint("\n".join(f"{fact.question} {fact.answer}" for fact in self.facts))
        numbers = {symbol: n for n, symbol in enumerate(self.vocabulary.symbols)}
        self.sources = padded([[numbers[word] for word in fact.question.split()] for fact in self.facts])  # (N, S)
        self.targets = padded(
            [[*(numbers[word] for word in fact.answer.split()), END] for fact in self.facts]
        )  # (N, T)
        self.fit(self.sources.shape[1], self.targets.shape[1])
        self.splits = {
            name: torch.tensor([n for n, group in enumerate(self.group) if group == name]) for name in groups()
        }
        self.trained = torch.cat([self.splits[SEEN], self.splits[SEEN_TWO]])
        self.chance = self.most_frequent(self.trained)

    def batch(self, size: int, generator: torch.Generator) -> Batch:
        return self.draw(self.trained, size, generator)

    def held_out(self, size: int, generator: torch.Generator) -> Batch:
        return self.draw(self.splits[HELD_OUT], size, generator)

    def question(self, text: str) -> int:
        """The number of a question. ValueError if it is none that this task has, or has words never seen."""
        something(text, EXAMPLE)
        self.words_of(text, self.sources.shape[1], EXAMPLE)
        wanted = self.tidy(text)
        if wanted not in self.number:
            text = by_code(text.strip()[:60])
            raise ValueError(
                f"“{text}” is no question of this task; ask the currency or language of a territory, "
                f"the country of a city, or both at once, such as {EXAMPLE} or currency of the country of Warsaw ?"
            )
        return self.number[wanted]

    def tidy(self, text: str) -> str:
        """A text in the words of the vocabulary, with spaces between them and a ? at its end."""
        spellings = self.spellings
        words = text.replace(MARK, f" {MARK} ").split()
        words = [word if word in spellings.values() else spellings.get(word.casefold(), word) for word in words]
        return " ".join(words if words and words[-1] == MARK else [*words, MARK])

    @property
    def spellings(self) -> dict[str, str]:
        """Each word by its small letters."""
        return {symbol.casefold(): symbol for symbol in self.vocabulary.symbols[len(SPECIAL) :]}

    def words_of(self, text: str, most: int, example: str) -> list[int]:
        return super().words_of(self.tidy(text), most, example)

    def encode(self, text: str) -> Batch:
        return self.arrange(torch.tensor([self.question(text)]))

    def taught(self, text: str, answer: str) -> Batch:
        """A question with another answer than its own. ValueError names words never seen."""
        number, words = self.question(text), answer.split()
        spellings = self.spellings
        rows = [spellings.get(word.casefold(), word) for word in words]
        tokens = Answering.words_of(self, " ".join(rows), self.longest - 1, "Euro")
        return self.posed(self.sources[[number]], torch.tensor([[*tokens, END]]))
