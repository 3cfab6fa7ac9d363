"""Checks: what is missing or odd in a catalogue, each as one line that says where."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from babel.messages.catalog import Catalog, Message

from explorer.i18n.extraction import GRAMMAR, TEMPLATE
from explorer.i18n.sources import place_holders

MARKS = re.compile(r"\*\*|:material/\w+:|`|\$+|<[^>]*>|\n\n|\]\([^)]*\)")


def faults(catalog: Catalog, sources: Catalog) -> list[str]:
    """One line for each message that is missing, left over, untranslated, fuzzy or odd."""
    lines = []
    for message in sources:
        if message.id and catalog.get(message.id, message.context) is None:
            lines.append(f"missing, run update: {where(message)}")
    for message in catalog:
        if not message.id:
            continue
        if sources.get(message.id, message.context) is None:
            lines.append(f"no longer in the sources, run update: {where(message)}")
        elif message.fuzzy:
            lines.append(f"fuzzy: {where(message)}")
        elif not message.string:
            lines.append(f"untranslated: {where(message)}")
        else:
            lines += [f"{what}: {where(message)}" for what in oddities(message)]
    return lines


def oddities(message: Message) -> Iterator[str]:
    """What a translation has that its message has not, or the other way round."""
    text, translation = str(message.id), str(message.string)
    if TEMPLATE in message.auto_comments:
        have, want = Counter(place_holders(translation)), Counter(place_holders(text))
        lacking = set(want - have) - grammatical(message)
        if lacking or set(have) - set(want):
            yield f"placeholders {sorted(want)} and not {sorted(have)}"
    before, after = Counter(MARKS.findall(text)), Counter(MARKS.findall(translation))
    if before != after:
        differs = sorted({*(before - after), *(after - before)})
        yield f"markup differs ({', '.join(map(repr, differs))})"


def grammatical(message: Message) -> set[str]:
    """The placeholders of English grammar alone, which a translation may leave out."""
    comments = [comment for comment in message.auto_comments if comment.startswith(GRAMMAR)]
    return {name for comment in comments for name in comment.removeprefix(GRAMMAR).split(", ")}


def where(message: Message) -> str:
    """A message and the first file that says it."""
    place = message.locations[0][0] if message.locations else "?"
    return f"{place}: {str(message.id)[:80]!r}"
