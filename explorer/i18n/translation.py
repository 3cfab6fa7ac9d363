"""Translation: a text as it was made, in English, becomes the same in another language, at the moment when it leaves.

A text is a message of the catalogue; or a template that is filled in, whose values are translated in turn where they
are messages themselves; or several of these, in paragraphs, lines and sentences. What is in quotation marks or between
backticks, and what begins with a word joiner (foreign.py puts it there), is somebody's text and stays as it is. So does
what the catalogue does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial

from explorer.i18n import messages, sources
from explorer.i18n.template import PLACEHOLDER, QUOTED, WORD, Template

FOREIGN = "\u2060"  # begins what is nobody's to translate
TOKENS = {"token", "shown_token", "symbol", "text"}  # placeholders for a model's or a visitor's text
TOGETHER = 6  # parts of a text, at most, that are tried as one message
MOST_LEFT = 0.3  # of a sentence's English words, that may be left in a template's values
ENGLISH = re.compile(r"(?<![\w.])[a-z]{2,}(?![\w(]|\.\w)", re.ASCII)
SAID = {"softmax", "logit", "logits", "autograd", "torch", "eps", "log", "ln", "et", "al"}
SAID |= {"adam", "adamw", "sgd", "rmsprop", "nesterov", "adagrad", "muon"}  # in Chinese sentences too
CHINESE = re.compile("[\u4e00-\u9fff]")
WRAPPED = (
    re.compile(r"(:[a-z-]+\[:material/\w+:\] *)(.+)()", re.DOTALL),
    re.compile(r"(:(?:material|[a-z-]+)/?\w*: *)(.+)()", re.DOTALL),  # an icon before it
    re.compile(r"(\*\*)((?:(?!\*\*).)+)(\*\*)", re.DOTALL),
    re.compile(r"(:[a-z-]+\[)(.*)(\])", re.DOTALL),
    re.compile(r"(#+ )(.+)()"),
    re.compile(r"([-*] )(.+)()"),
    re.compile(r"(\d+\. )(.+)()"),
)
PARTS = (
    r"\n\n+",
    r" *\n",
    r" · | \| ",
    r"(?<=[.!?。！？])(?<!\bal\.)\s+",
    r"; (?![^()]*\))|；",
    r"(?<=[a-z\d`*”）]): |(?<=\*\*) (?=[a-z])",
)  # between what is tried by itself
NAME = re.compile(r"(?!.*[a-z]{2} )(?![a-z]+$).*", re.DOTALL).fullmatch  # no phrase and no single small word
MAY_STAND = re.compile(r"(?!.*(?<!\bal)[.!?] ).*", re.DOTALL).fullmatch  # no sentence that ends within it
COLON = re.compile(r"(?<=[\u4e00-\u9fff*`）\]])[:;] (?=[\u4e00-\u9fff*“`])")
LONG = 400  # letters: a longer text is taken apart in one way only, and longer parts are not tried together
BRACKETED = re.compile(r"(.+) \(([^()]*)\)")
JOINED = {": ": "：", " · ": " · "}
STOP = re.compile(r"[.!?。！？] |\w+ \w+ \w+.* · ")  # a sentence, or several things beside one another
CLAUSE = re.compile(r"[:;] ")
OF = re.compile(r"([\d,.]+) of ([\d,.]+)").fullmatch
SETTING = re.compile(r"([a-z ]+)( \(\w+\.\w+\)| [-−]?[\d.][\d.,e−-]*)").fullmatch  # with its path, or its value
VALUE = re.compile(r"(text(?= )|[a-z_]+(?= \S+(?: …)?$)) (.+)").fullmatch  # a setting and its value, in a run's name
RACE = re.compile(r"([\w-]+) race").fullmatch  # what a race's runs are called, before their own names
TITLES: dict[str, str] = {}  # of presets in English, by the names that runs are called by; border.py fills it
LISTED = re.compile(r", | and | or ")
LISTED_OR_OF = re.compile(r", | and | or | of ")
APART = re.compile("(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
FULL_WIDTH = re.compile(r"(?<=[，。；：？！、）」”]) +(?=\S)|(?<=[\u4e00-\u9fff]) +(?=[，。；：？！、（）])")


@dataclass
class Translator:
    """The words of one language.   exact: messages as they are.   templates: by the rarest of their words.

    phrases: the messages of the components' scripts, which fill them in themselves.
    within: by gettext's context, what a text means there alone: an option of a widget, the name of a setting.
    """

    exact: Mapping[str, str]
    templates: Mapping[str, list[Template]] = field(default_factory=dict)
    phrases: Mapping[str, str] = field(default_factory=dict)
    within: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.translated = lru_cache(1 << 15)(self._translated)

    def _translated(self, text: str) -> str:
        """The text in this language; as it is, where the catalogue does not have it."""
        if (
            text.startswith(FOREIGN) or not WORD.search(text) or 4 * len(CHINESE.findall(text)) > len(text)
        ):  # nothing to translate, or Chinese
            return text
        whole = self.whole(text)
        if whole is not None and not english(whole):
            return whole
        readings = [one for one in (whole, self.in_parts(text)) if one is not None]
        return min(readings, key=english, default=text)

    def whole(self, text: str) -> str | None:
        """The translation of all of a text at once; None where there is none."""
        if text.startswith(FOREIGN):
            return None
        if (translation := self.exact.get(text)) is not None:
            return translation
        core = text.strip()
        if share := OF(core):
            return kept_space(text, f"{share[1]} / {share[2]}")
        if " · " in core and (name := self.name_of_run(core)) is not None:
            return kept_space(text, name)
        if core != text and (translation := self.exact.get(core)) is not None:
            return kept_space(text, translation)
        if (setting := SETTING(core)) and (name := self.within.get("setting", {}).get(setting[1])):
            return kept_space(text, f"{name}{setting[2]}")
        for wrapping in WRAPPED:
            if match := wrapping.fullmatch(core):
                inner = self.translated(match[2])
                if inner != match[2]:
                    return kept_space(text, f"{match[1]}{inner}{match[3]}")
        for form in dict.fromkeys((text, core)):
            if (filled := self.filled(form)) is not None:
                return kept_space(text, filled)
        if (match := BRACKETED.fullmatch(core)) and (within := self.bracketed(match[2])) is not None:
            before = self.whole(match[1]) or (match[1] if " · " in match[1] else None)  # the name of a run stays
            if before is not None:
                return kept_space(text, f"{before}（{within}）")
        written = self.otherwise_written(core)
        return None if written is None else kept_space(text, written)

    def name_of_run(self, text: str) -> str | None:
        """A run's name, its preset by its title and what differs from it: settings are said in this language, their
        values stay; so do the names in a race. None of anything else."""
        preset, *parts = text.split(" · ")
        settings = [VALUE(part) for part in parts]
        names, race = self.within.get("setting", {}), RACE(preset)
        if race is None and (" " in preset or not any(one and one[1] in names for one in settings)):
            return None
        words = [
            f"{names[one[1]]} {one[2]}" if one and one[1] in names else self.whole(part) or (race and part)
            for one, part in zip(settings, parts, strict=True)
        ]
        if race is not None:
            preset = APART.sub("", f"{self.titled(race[1])} {self.exact.get('Race', 'race')}")
        return None if None in words else " · ".join([self.titled(preset), *map(str, words)])

    def titled(self, preset: str) -> str:
        """What a preset is called in this language; what is none stays."""
        title = TITLES.get(preset, preset)
        return self.exact.get(title, title)

    def bracketed(self, text: str) -> str | None:
        """What stands in brackets behind something; None where it is a phrase that nobody knows."""
        return self.exact.get(text) or (text if not english(text) or " " not in text else None)

    def otherwise_written(self, text: str) -> str | None:
        """The translation of a message that was made a sentence: with a capital before it or a full stop behind it."""
        if text[:1].isupper() and text[1:2].islower() and (translation := self.exact.get(small(text))) is not None:
            return translation
        if text.endswith(".") and not text.endswith(".."):
            translation = self.exact.get(text[:-1]) or self.exact.get(small(text[:-1]))
            return f"{translation}。" if translation else None
        return self.filled(small(text)) if text[:1].isupper() and text[1:2].islower() else None

    def filled(self, text: str) -> str | None:
        """The translation of a template that this text fills in: of those with fewest words of ours in English the
        one with most words of its own. None where most would be left: a sentence of two languages is read in none."""
        words = {*WORD.findall(text), ""}
        candidates = [one for word in words for one in self.templates.get(word, ()) if one.words <= words]
        best: str | None = None
        stopped = text.endswith(".") and not text.endswith("..")
        fewest = MOST_LEFT * english(text) + 1
        for template in sorted(candidates, key=lambda one: (-one.letters, -len(one.numbers))):
            filling = template.match(text) or (template.may_end and template.match(f"{text} ")) or None
            end = "。" if filling is None and stopped and not template.message.endswith(".") else ""
            if end:
                filling = template.match(text[:-1])
            if filling is None or (values := self.values(template, filling)) is None:
                continue
            sentence = APART.sub("", PLACEHOLDER.sub(partial(inserted, values), template.translation)) + end
            ours = values | dict.fromkeys(template.foreign, "") if template.foreign else values
            if (left := english(PLACEHOLDER.sub(partial(inserted, ours), template.translation))) < fewest:
                best, fewest = sentence, left
            if not left:
                break
        return best

    def values(self, template: Template, given: Mapping[str, str]) -> dict[str, str] | None:
        """The values of a template, translated; None where one speaks against it."""
        values, weak = dict(given), template.letters < messages.LEAST_LETTERS and not template.is_sentence
        apart = LISTED if " of " in template.message else LISTED_OR_OF
        if any(CLAUSE.search(given[name]) for name in template.inner if name not in template.clauses):
            return None  # what stands before a colon is no part of the words behind it
        at_a_step = template.message.startswith("at step {")
        if weak and any(
            STOP.search(value) or (apart.search(value) and not (at_a_step and self.sure(value)))
            for name, value in given.items()
            if name not in template.clauses
        ):
            return None  # each part of a list is by itself what a few words could join wrongly; so is what has an owner
        for name, value in given.items():
            if name in template.numbers | template.foreign | template.needless | TOKENS or template.inside_quotes(name):
                continue
            complete = self.complete(value)
            values[name] = self.translated(value) if complete is None else complete
            if complete is None and WORD.search(value) and not (NAME if weak else MAY_STAND)(value):
                return None
        return values

    def sure(self, value: str) -> bool:
        """Whether a value that looks like a list is a message of many words."""
        return len(WORD.findall(value)) > 6 and (whole := self.whole(value)) is not None and not english(whole)

    def complete(self, value: str) -> str | None:
        """The translation of a value that is set into a sentence: a message, or a list of some; None of others."""
        if QUOTED.fullmatch(value) or value in self.exact:
            return self.exact.get(value, value)
        if LISTED.search(value):  # first: a message of few words would take a list for one thing
            parts = LISTED.split(value)
            listed = [self.whole(part) or (None if english(part) else part) for part in parts]
            if None not in listed:
                return "、".join(map(str, listed))
        for separator in (": ", " · "):
            parts = [self.whole(part) if WORD.search(part) else part for part in value.split(separator)]
            if len(parts) > 1 and None not in parts:
                return JOINED[separator].join(map(str, parts))
        return self.whole(value)

    def in_parts(self, text: str) -> str | None:
        """The translation of a text part by part: at the marks between which least of it stays English, the largest
        parts first. None where no part has a translation."""
        best: str | None = None
        ways = 1 if len(text) > LONG else 2
        for separator in PARTS:
            pieces = re.split(f"({separator})", text)
            if len(pieces) > 1:
                translation = FULL_WIDTH.sub("", "".join(self.runs(pieces[::2], pieces[1::2])))
                translation = COLON.sub(lambda mark: {":": "：", ";": "；"}[mark[0][0]], translation)
                if english(translation) < english(best or text):
                    best = translation
                ways -= 1
                if not ways or not english(best or text):
                    break
        return best

    def runs(self, texts: list[str], between: list[str]) -> Iterator[str]:
        """Neighbouring parts together where they are one message, else each by itself, and what stands between."""
        at = 0
        while at < len(texts):
            for end in range(min(len(texts), at + TOGETHER), at + 1, -1):
                pairs = zip(texts[at:end], [*between[at : end - 1], ""], strict=True)
                joined = "".join(part for pair in pairs for part in pair)
                translation = self.whole(joined) if len(joined) <= LONG else None
                apart = sum(english(self.translated(part)) for part in texts[at:end])
                if translation is not None and english(translation) < (apart or 1):
                    break
            else:
                end, translation = at + 1, self.clause(texts[at], between[at - 1] if at else "")
            yield translation
            if end <= len(between):
                yield "；" if between[end - 1] == "; " and CHINESE.search(translation) else between[end - 1]
            at = end

    def clause(self, text: str, before: str) -> str:
        """A part by itself; one behind a semicolon may be a message that begins with it."""
        whole = self.filled(f"{before}{text}") if before == "; " else None
        return whole.removeprefix("；") if whole is not None and whole.startswith("；") else self.translated(text)


def english(text: str) -> int:
    """How many English words a text has, outside of quotation marks and code; names with capitals do not count."""
    return sum(word not in SAID for word in ENGLISH.findall(QUOTED.sub("", text)))


def inserted(values: Mapping[str, str], place: re.Match[str]) -> str:
    """What stands in a place of a template."""
    return place[0][0] if place[1] is None else values.get(place[1], "")


def small(text: str) -> str:
    """A text whose first letter is a small one."""
    return text[:1].lower() + text[1:]


def kept_space(text: str, translation: str) -> str:
    """A translation with the line breaks around the text; Chinese has no spaces there."""
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return "".join(c for c in before if c == "\n") + translation + "".join(c for c in after if c == "\n")


@cache
def translator(language: str) -> Translator:
    """The translator of a language; one without words for English."""
    mine = messages.read(sources.kept()) if language == sources.LANGUAGE else messages.Messages()
    return Translator(mine.exact, messages.by_rarest_word(mine.filled), mine.phrases, mine.within)


def translated(text: str, language: str) -> str:
    """A text in a language, as far as its catalogue goes."""
    return translator(language).translated(text) if language == sources.LANGUAGE else text


def run_name(name: str, language: str) -> str:
    """What a run is called by its settings, in a language. A preset alone is a word that means anything elsewhere."""
    if name in TITLES and language == sources.LANGUAGE:
        return translator(language).titled(name)
    return translated(name, language)
