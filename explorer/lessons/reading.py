"""Reading lessons from their files, checked: what is wrong with one is a sentence with its file and line.

1.1-name.en.md     ---             1.1-name.zh.md     # title
                   YAML: Head                         sentence
                   ---                                ## a heading of PARTS
                   # title                            Markdown
                   sentence                           …
                   ## a heading of PARTS
                   Markdown
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import groupby
from pathlib import Path
from string import ascii_lowercase

import yaml
from pydantic import ValidationError

from explorer.lessons.lesson import LANGUAGES, OPTIONAL, PARTS, Head, Lesson, Words
from explorer.measure.glossary import LOADER

TEXTS = Path(__file__).parent / "texts"
PAGES = Path(__file__).parents[2] / "pages"
NAME = re.compile(r"(\d)\.(\d+)-[a-z0-9-]+")
FENCE = "---"
SHARE = re.compile(r"(\d) %")  # which a line is not broken in, and which looks as a share does on the pages
Lines = dict[tuple, int]  # of each value of a head, by its path


class LessonError(ValueError):
    """What is wrong with a lesson: file, line, sentence."""

    def __init__(self, path: Path, line: int, sentence: str):
        super().__init__(f"{path.name}:{line}: {sentence}")


@cache
def lessons() -> dict[str, Lesson]:
    """All lessons by name, in the order of the book. LessonError says what is wrong with one."""
    return read_all(TEXTS)


def read_all(folder: Path) -> dict[str, Lesson]:
    """The lessons of a folder by name, in the order of the book."""
    paths = {code: {p.name.removesuffix(f".{code}.md"): p for p in folder.glob(f"*.{code}.md")} for code in LANGUAGES}
    for language, names in paths.items():
        for other, theirs in paths.items():
            for name in sorted(theirs.keys() - names):
                raise LessonError(theirs[name], 1, f"there is no {name}.{language}.md; each {other} text needs one")
    every = [read(name, {code: named[name] for code, named in paths.items()}) for name in paths["en"]]
    return {lesson.name: lesson for lesson in lettered(sorted(every, key=place_in_book))}


def lettered(ordered: Iterable[Lesson]) -> Iterator[Lesson]:
    """The lessons of a section that has several get letters, in their order."""
    for _, section in groupby(ordered, key=lambda lesson: lesson.number):
        several = list(section)
        letters = ascii_lowercase if len(several) > 1 else [""]
        yield from (replace(lesson, letter=letter) for lesson, letter in zip(several, letters, strict=False))


def place_in_book(lesson: Lesson) -> tuple[int, int, int, str]:
    """Chapter, section, order within it, name."""
    chapter, section = lesson.number.split(".")
    return int(chapter), int(section), lesson.head.order, lesson.name


def read(name: str, paths: dict[str, Path]) -> Lesson:
    """One lesson from its files by language."""
    english = paths["en"]
    number = NAME.fullmatch(name)
    if number is None:
        raise LessonError(english, 1, "the name of a lesson is chapter.section-some-words, such as 1.1-surprise")
    head, lines, after = head_of(english)
    if head.chapter != int(number[1]):
        raise LessonError(english, lines["chapter",], f"chapter {head.chapter} is not that of the file's name")
    words = {language: words_of(path, language, after if path == english else 0) for language, path in paths.items()}
    for language, text in words.items():
        count = len(text.choices)
        if ("predict" in text.parts) != head.asks:
            raise LessonError(
                paths[language], 1, "a question needs an answer or a curve to draw in the head, and these a question"
            )
        if head.draw is not None and count:
            raise LessonError(paths[language], 1, "what is drawn has no choices; leave them out, or draw in the head")
        if head.answer is not None and not 1 <= head.answer <= count:
            raise LessonError(english, lines["answer",], f"answer {head.answer} is none of the {count} in {language}")
        if count != len(words["en"].choices):
            raise LessonError(
                paths[language], 1, f"the question has {count} choices; the English one has another number"
            )
        if len(text.actions) != len(head.aims):
            more = f"{len(head.aims)} targets and {len(text.actions)} actions; write a target for each action"
            raise LessonError(paths[language], 1, f"this lesson has {more}")
    return Lesson(name, head, words)


def head_of(path: Path) -> tuple[Head, Lines, int]:
    """The head of a file, the line of each of its values, and how many lines it has."""
    rows = path.read_text("utf-8").splitlines()
    if FENCE not in rows[1:] or rows[0] != FENCE:
        raise LessonError(path, 1, f"a lesson begins with its head between two lines {FENCE}")
    end = rows.index(FENCE, 1)
    text = "\n".join(rows[1:end])
    try:
        node, plain = yaml.compose(text, LOADER), yaml.load(text, LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line if error.problem_mark else 0
        raise LessonError(path, line + 2, f"this is not YAML: {error.problem}") from None
    lines = {(): 2} | dict(lines_of(node))
    try:
        head = Head.model_validate(plain)
    except ValidationError as error:
        where, sentence = complaint(error)
        raise LessonError(path, nearest_line(lines, where), sentence) from None
    try:
        head.check_control()
    except ValueError as error:
        raise LessonError(path, nearest_line(lines, ("control", "settings")), str(error)) from None
    at_pages: list[tuple[tuple, str]] = [(("start", "page"), head.start.page)]
    at_pages += [(("targets", i, "page"), target.page) for i, target in enumerate(head.targets)]
    for where, page in at_pages:
        if not (PAGES / f"{page}.py").is_file():
            pages = ", ".join(sorted(p.stem for p in PAGES.glob("[a-z]*.py")))
            raise LessonError(path, lines[where], f"there is no page {page}; pages are {pages}")
    return head, lines, end + 1


def lines_of(node: yaml.Node | None, at: tuple = ()) -> Iterator[tuple[tuple, int]]:
    """The line in the file of each value in a head, by its path; the head's first line is the file's second."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*at, key.value), key.start_mark.line + 2
            yield from lines_of(value, (*at, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield (*at, number), value.start_mark.line + 2
            yield from lines_of(value, (*at, number))


def nearest_line(lines: Lines, where: tuple) -> int:
    """The line of a value, or of what it would stand in."""
    while where not in lines:
        where = where[:-1]
    return lines[where]


def complaint(error: ValidationError) -> tuple[tuple, str]:
    """Where the first fault is, and what it is."""
    first = error.errors(include_url=False)[0]
    where = first["loc"]
    if first["type"] == "value_error":
        return where, str(first["ctx"]["error"])
    if first["type"] == "extra_forbidden":
        return where, f"a lesson has no field {'.'.join(map(str, where))}; leave it out, or correct its name"
    if first["type"] == "missing":
        return where, f"{'.'.join(map(str, where))} is missing; give it a value"
    return where, f"{'.'.join(map(str, where))}={str(first['input'])[:40]} is refused: {first['msg'].lower()}"


def words_of(path: Path, language: str, after: int) -> Words:
    """The text of a file after its first lines."""
    rows = SHARE.sub("\\1\u202f%", path.read_text("utf-8")).splitlines()
    first = next((i for i in range(after, len(rows)) if rows[i]), len(rows) - 1)
    if not rows[first].startswith("# "):
        raise LessonError(path, first + 1, "here the title is to stand, after `# `")
    named = {headings[language]: part for part, headings in PARTS.items()}
    texts: dict[str, list[str]] = {"": []}
    at = ""
    for i in range(first + 1, len(rows)):
        if not rows[i].startswith("## "):
            texts[at].append(rows[i])
            continue
        heading = rows[i][3:].strip()
        if heading not in named or named[heading] in texts:
            raise LessonError(path, i + 1, f"{heading} is no heading here; headings, each once, are {', '.join(named)}")
        at = named[heading]
        texts[at] = []
    parts = {part: "\n".join(lines).strip() for part, lines in texts.items()}
    for part in ["", *PARTS]:
        if not parts.get(part) and part not in OPTIONAL:
            what = f"## {PARTS[part][language]}" if part else "the sentence under the title"
            raise LessonError(path, first + 1, f"{what} is missing; write it")
    question, choices = question_of(parts.pop("predict", ""))
    prediction = {"predict": question} if question else {}
    return Words(rows[first][2:].strip(), parts.pop(""), prediction | parts, choices)


def question_of(text: str) -> tuple[str, tuple[str, ...]]:
    """A question without its choices, and these: the lines of a list."""
    rows = text.splitlines()
    choices = tuple(row[2:].strip() for row in rows if row.startswith("- "))
    return "\n".join(row for row in rows if not row.startswith("- ")).strip(), choices
