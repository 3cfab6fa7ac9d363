"""Sources: the files whose words visitors read, and the catalogue that holds them in Chinese."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from explorer.i18n import extraction, scripts
from explorer.i18n.looks import COMPOSED, CONTEXTS, FILLED

ROOT = Path(__file__).parents[2]
LANGUAGE = "zh"
PO = Path(__file__).parent / LANGUAGE / "LC_MESSAGES" / "explorer.po"

# where visitors' words stand, in the order in which one meets them; of the last, what is raised alone
ROOMS = (
    *("pages", "explorer/ui", "explorer/charts", "explorer/measure", "explorer/config", "explorer/tasks"),
    *("explorer/answers", "explorer/runs", "explorer/search", "explorer/training", "explorer/processes"),
    *("explorer/cluster", "models"),
)
RAISED = ("explorer/analysis", "explorer/lessons", "explorer/script")
MORE = tuple(f"explorer/analysis/{name}.py" for name in ("autopsy", "backward", "toys", "watch"))  # and all of these
WITHOUT = {  # files whose words stand in both languages themselves, or that no page shows
    *("explorer/ui/parts/course_words.py", "explorer/ui/parts/course_kept.py", "explorer/ui/thumbnails.py"),
    *("explorer/tasks/date_templates.py", "explorer/tasks/lexicon.py", "explorer/ui/locale/spoken.py"),
    *("explorer/ui/locale/frame_words.py", "explorer/ui/locale/addresses.py"),
}
SCENES = "explorer/ui/scenes"
ABOUT = """# The words of the interface in Chinese. Filled in by hand; `python -m explorer.i18n` says how."""
MADE = datetime(2026, 12, 1, tzinfo=UTC)  # in the header, which does not change with every update


def files() -> Iterator[tuple[str, Any, dict[str, str]]]:
    """Each file with the method that reads it and its options."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield str(path.relative_to(ROOT)), extraction.python, {}
    for place in MORE:
        yield place, extraction.python, {}
    for path in sorted((ROOT / "explorer/ui/components").rglob("*.js")):
        yield str(path.relative_to(ROOT)), scripts.javascript, {}
    for path in sorted((ROOT / SCENES).glob("*.json")):
        yield str(path.relative_to(ROOT)), scenes, {}
    for room in RAISED:
        for path in sorted((ROOT / room).rglob("*.py")):
            if str(path.relative_to(ROOT)) not in MORE:
                yield str(path.relative_to(ROOT)), extraction.python, {"only": "raised"}


def scenes(fileobj: Any, keywords: Any, comment_tags: Any, options: Any) -> Iterator[tuple]:
    """Babel's extraction method for a list of scenes: its title, and what is said at each."""
    listed = json.load(fileobj)
    for i, text in enumerate([listed["title"], *(scene["say"] for scene in listed["scenes"] if scene.get("say"))]):
        yield i + 1, None, text, []


def extracted() -> Catalog:
    """All words, without a translation, with the files in which they stand."""
    catalog = empty()
    for path, method, options in files():
        if path in WITHOUT:
            continue
        with (ROOT / path).open("rb") as file:
            for _, text, comments, _ in extract(method, file, keywords={"_": None}, options=options):
                catalog.add(str(text), locations=[(path, 0)], auto_comments=comments)
    for text in COMPOSED:
        catalog.add(text, locations=[("explorer/measure/names.py", 0)])
    for text in FILLED:
        comments = [extraction.TEMPLATE, *([f"{extraction.NUMBERS}n"] if "{n}" in text else [])]
        catalog.add(text, locations=[("explorer/measure/names.py", 0)], auto_comments=comments)
    for context, texts in CONTEXTS.items():
        for text in texts:
            catalog.add(text, context=context, locations=[("explorer/i18n/looks.py", 0)])
    for message in catalog:
        message.locations = sorted(set(message.locations))
    return catalog


def empty() -> Catalog:
    """A catalogue without messages."""
    about = {"project": "explorer", "version": "1", "header_comment": ABOUT, "copyright_holder": "the explorer"}
    people = {"msgid_bugs_address": "none", "last_translator": "the explorer", "language_team": "Chinese"}
    return Catalog(LANGUAGE, creation_date=MADE, revision_date=MADE, fuzzy=False, **about, **people)


def kept(path: Path = PO) -> Catalog:
    """The catalogue as it lies in the repository; an empty one before there is any."""
    if not path.is_file():
        return empty()
    with path.open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def write(catalog: Catalog, path: Path = PO) -> None:
    """Writes a catalogue: a line a message, so that two who translate do not meet; files without line numbers."""
    for message in catalog:  # babel takes every brace for a placeholder
        message.flags -= {"python-format", "python-brace-format"}
        message.flags |= {"python-brace-format"} if extraction.TEMPLATE in message.auto_comments else set()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=0, ignore_obsolete=True, include_lineno=False)


def updated() -> Catalog:
    """The words as they stand in the sources, with the translations that are there; nothing is guessed."""
    catalog, present = extracted(), kept()
    for message in catalog:
        if message.id and (old := present.get(message.id, message.context)) is not None:
            message.string = old.string
            message.user_comments = old.user_comments
    return catalog


def place_holders(text: str) -> list[str]:
    """The placeholders of a template, in alphabetical order; doubled braces are braces."""
    return sorted(re.findall(r"\{(\w+)\}", text.replace("{{", "").replace("}}", "")))
