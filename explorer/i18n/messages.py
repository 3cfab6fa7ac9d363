"""Messages: the catalogue as its translator uses it: texts, templates, and the phrases of the components' scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from babel.messages.catalog import Catalog, Message

from explorer.i18n.extraction import NUMBERS, STAYS, TEMPLATE
from explorer.i18n.template import PLACEHOLDER, WORD, Template

LEAST_LETTERS = 8  # of a template's own words, from which on a value that nobody knows may stand in it
POINTING = {"it", "its", "itself", "they", "them", "their", "this", "that", "these", "those", "there", "here", "so"}
POINTING |= {"both", "other", "others", "one", "such", "then", "same", "each"}  # words that say nothing by themselves
LEADING = re.compile(r"(\{\w+\}) (?=[A-Z])")


@dataclass
class Messages:
    """exact: texts as they are.   filled: those with placeholders.   phrases: those of the components' scripts, which
    fill them in themselves.   within: by its context, what is meant there alone."""

    exact: dict[str, str] = field(default_factory=dict)
    filled: list[Template] = field(default_factory=list)
    phrases: dict[str, str] = field(default_factory=dict)
    within: dict[str, dict[str, str]] = field(default_factory=dict)


def read(catalog: Catalog) -> Messages:
    """What is translated of a catalogue, and the sentences that it is made of."""
    kept = Messages()
    for message in catalog:
        text, translation = bare(str(message.id)), bare(str(message.string))
        if not text or not translation or message.fuzzy:
            continue
        if message.context:
            kept.within.setdefault(message.context, {})[text] = translation
            continue
        of_scripts = [path.endswith(".js") for path, _ in message.locations]
        if any(of_scripts):
            kept.phrases[str(message.id)] = str(message.string)
        if of_scripts and all(of_scripts):
            continue
        if TEMPLATE in message.auto_comments or is_filled_later(text):
            numbers, foreign = listed(message, NUMBERS), listed(message, STAYS)
            kept.filled.append(Template(text, translation, numbers, foreign))
        else:
            kept.exact[text] = translation
    for template in list(kept.filled):
        for text, translation in sentences(template.message, template.translation):
            if PLACEHOLDER.search(text):
                kept.filled.append(Template(text, translation, template.numbers, template.foreign))
            else:
                kept.exact.setdefault(text, translation)
    return kept


def listed(message: Message, kind: str) -> frozenset[str]:
    """The placeholders of this kind, as the message's comments list them."""
    comments = [comment.removeprefix(kind) for comment in message.auto_comments if comment.startswith(kind)]
    return frozenset(name for comment in comments for name in comment.split(", "))


def sentences(text: str, translation: str) -> Iterator[tuple[str, str]]:
    """The sentences and clauses of a message with their translations, where both have as many, in the same order.

    A page may set them apart: the first may be somebody else's, or a text may go on behind the message. One that points
    at what was said before means that alone, and is left out.
    """
    if text.startswith("; ") and translation.startswith("；"):
        yield text[2:], translation[1:]
        return
    if (leading := LEADING.match(text)) and translation.startswith(leading[1]):  # a sentence that is filled in
        rest, of_rest = text[leading.end() :], translation[len(leading[1]) :].strip(" ")
        if len("".join(WORD.findall(PLACEHOLDER.sub("", rest)))) >= LEAST_LETTERS:
            yield rest, of_rest
        yield from sentences(rest, of_rest)
        return
    parts = [bare(part) for part in re.split(r"(?<=[.;!?]) +", text)]
    of_parts = [bare(part) for part in re.split(r"(?<=[。；！？])", translation) if part]
    if len(parts) != len(of_parts) or parts == [text]:
        return
    left_out = {*PLACEHOLDER.findall(text)} - {*PLACEHOLDER.findall(translation)}
    for part, of_part in zip(parts, of_parts, strict=True):
        names = [set(filter(None, PLACEHOLDER.findall(one))) for one in (part, of_part)]
        words = WORD.findall(PLACEHOLDER.sub("", part))
        if names[0] - left_out == names[1] and sum(map(len, words)) >= LEAST_LETTERS and POINTING.isdisjoint(words):
            yield part, of_part


def bare(text: str) -> str:
    """A message without the space around it and without the mark that joins it to what is beside it."""
    return text.strip(" ").removesuffix(";").removesuffix("；").removeprefix("· ")


def is_filled_later(text: str) -> bool:
    """Whether a message that stands by itself in the sources has placeholders; a formula's braces are none."""
    return "\\" not in text and "$" not in text and bool(re.search(r"(?<!\{)\{[a-z_]+\}(?!\})", text))


def by_rarest_word(templates: list[Template]) -> dict[str, list[Template]]:
    """Templates by that word of theirs which fewest others have; those without a word of their own under ""."""
    often: dict[str, int] = {}
    for template in templates:
        for word in template.words:
            often[word] = often.get(word, 0) + 1
    index: dict[str, list[Template]] = {}
    for template in templates:
        index.setdefault(min(template.words, key=lambda word: often[word], default=""), []).append(template)
    return index
